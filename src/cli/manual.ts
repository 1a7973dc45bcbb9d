import { readdir } from 'node:fs/promises'
import { loadRules } from '../engine/load-rules.js'
import { type CommandInfo, type FlagInfo, renderCommandIndex, renderCommandPage } from '../report/manual/command.js'
import { renderRuleDocument, renderRuleIndex } from '../report/manual/rule.js'

const COMMANDS = new URL('../commands/', import.meta.url)
const NAME = 'pg-billing-audit'

/** What oclif keeps of a command, as far as it is read here. */
interface CommandClass {
  readonly summary?: string
  readonly description?: string
  readonly examples?: readonly (string | { readonly description?: string; readonly command: string })[]
  readonly args?: Readonly<Record<string, { description?: string; required?: boolean; multiple?: boolean }>>
  readonly flags?: Readonly<Record<string, OclifFlag>>
  readonly baseFlags?: Readonly<Record<string, OclifFlag>>
}

interface OclifFlag {
  readonly type: 'boolean' | 'option'
  readonly char?: string
  readonly description?: string
  readonly helpValue?: string | readonly string[]
  readonly options?: readonly string[]
  readonly multiple?: boolean
  readonly allowNo?: boolean
  readonly default?: unknown
}

/** All commands, read from their folder. */
export async function readCommands(): Promise<readonly CommandInfo[]> {
  const files = (await readdir(COMMANDS)).filter((file) => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts')).sort()
  return Promise.all(
    files.map(async (file) => {
      const { default: command } = (await import(new URL(file, COMMANDS).href)) as { readonly default: CommandClass }
      return describeCommand(file.replace(/\.(ts|js)$/, ''), command)
    }),
  )
}

/** Every page of the manual by its path below `docs/`. */
export async function renderManual(): Promise<ReadonlyMap<string, string>> {
  const [commands, rules] = await Promise.all([readCommands(), loadRules()])
  return new Map([
    ['commands/index.md', renderCommandIndex(commands)],
    ...commands.map((command) => [`commands/${command.id}.md`, renderCommandPage(command)] as const),
    ['rules/index.md', renderRuleIndex(rules)],
    ...rules.map((rule) => [`rules/${rule.id}.md`, renderRuleDocument(rule)] as const),
  ])
}

function describeCommand(id: string, command: CommandClass): CommandInfo {
  const { summary = '', description = '', examples = [], args = {}, flags = {}, baseFlags = {} } = command
  const filled = (text: string) => text.replaceAll('<%= config.bin %>', NAME).replaceAll('<%= command.id %>', id)
  return {
    id,
    summary,
    description: filled(description),
    examples: examples.map((example) =>
      typeof example === 'string'
        ? { description: summary, command: filled(example) }
        : { description: example.description ?? '', command: filled(example.command) },
    ),
    args: Object.entries(args).map(([name, { description: about = '', required = false, multiple = false }]) => ({
      name,
      description: about,
      required,
      multiple,
    })),
    flags: Object.entries({ ...flags, ...baseFlags }).map(([name, flag]) => describeFlag(name, flag)),
  }
}

function describeFlag(name: string, flag: OclifFlag): FlagInfo {
  const { type, char, description = '', helpValue, options = [], multiple = false, allowNo = false } = flag
  const value = Array.isArray(helpValue) ? helpValue.join(' ') : (helpValue as string | undefined)
  return {
    name,
    char: char ?? null,
    description,
    value: type === 'boolean' ? null : (value ?? '<value>'),
    options,
    multiple,
    allowNo,
    default: typeof flag.default === 'string' || flag.default === true ? String(flag.default) : null,
  }
}
