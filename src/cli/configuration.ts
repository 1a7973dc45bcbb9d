import { dirname, relative, resolve } from 'node:path'
import type { AuditRequest } from '../audit/audit.js'
import { findConfig } from '../config/find.js'
import type { LoadedConfig } from '../config/load.js'
import type { Config } from '../config/schema.js'
import { listRules, loadRules } from '../engine/load-rules.js'
import { chooseRules, DEFAULT_POLICY, severityUnder } from '../engine/policy.js'
import type { Rule } from '../engine/rule.js'
import type { Suppression } from '../engine/suppress.js'
import { formatLocation } from '../errors.js'

/** What a configuration file says, with everything that it refers to. */
export interface Configuration {
  readonly config: Config
  /** The file, as shown to people; null without one. */
  readonly file: string | null
  /** A path of the configuration, from the working folder. */
  path(inConfig: string): string
  /** All rules, the own ones among them; with `--static` those alone that can speak then. */
  readonly book: readonly Rule[]
  /** What an audit needs to know of it. */
  readonly request: Pick<
    AuditRequest,
    'book' | 'known' | 'policy' | 'suppressions' | 'requireReason' | 'productionVersion' | 'roles'
  >
}

const kit = () => import('../kit.js') as Promise<Readonly<Record<string, unknown>>>

/** Where the built-in rules are that need migrations and nothing else. */
const STATIC_CATEGORIES = /^(?:migrations|hygiene)\//

/** Reads the configuration that a flag names, else the nearest one from the working folder upward. Throws ConfigError. */
export async function readConfiguration(flags: {
  readonly config?: string | undefined
  readonly 'no-config'?: boolean
  readonly static?: boolean
  readonly rule?: readonly string[] | undefined
}): Promise<Configuration> {
  const file = flags['no-config'] ? undefined : (flags.config ?? findConfig('.'))
  const loaded = file === undefined ? null : await load(file)
  const config = loaded?.config ?? {}
  const folder = loaded ? dirname(loaded.path) : '.'
  const path = (inConfig: string) => relative('.', resolve(folder, inConfig)) || '.'
  const isSmall = flags.static === true && !flags.rule?.length
  const all = listRules()
  const builtIn = await loadRules(undefined, undefined, (id) => !isSmall || STATIC_CATEGORIES.test(id))
  const own = config.ownRules === undefined ? [] : await loadOwn(path(config.ownRules), all)
  const book = [...builtIn, ...own].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const known = [...all, ...own.map(({ id }) => id)]
  if (loaded) await checkNames(loaded, known)
  const suppressions = (config.suppressions ?? []).map(({ rules, objects, reason, expires }, at): Suppression => ({
    origin: formatLocation(loaded?.locate(['suppressions', at]) ?? { file: '', line: 1, column: 1 }),
    location: loaded?.locate(['suppressions', at]) ?? null,
    kind: 'external',
    rules,
    scope: { kind: 'objects', patterns: objects },
    reason: reason ?? null,
    until: expires ?? null,
  }))
  const { presets, rules = {}, overrides = [], ignore = {}, tables = {} } = config
  return {
    config,
    file: loaded ? path(loaded.path) : null,
    path,
    book,
    request: {
      book,
      known,
      policy: {
        presets: presets ?? DEFAULT_POLICY.presets,
        rules: rules as (typeof DEFAULT_POLICY)['rules'],
        overrides: overrides as (typeof DEFAULT_POLICY)['overrides'],
        ignore: { ...DEFAULT_POLICY.ignore, ...ignore } as (typeof DEFAULT_POLICY)['ignore'],
      },
      suppressions,
      requireReason: config.requireReason ?? false,
      productionVersion: config.target?.version,
      roles: new Map(Object.entries(tables).map(([address, { role }]) => [address, role])),
    },
  }
}

/** The checks are loaded when there is something to check: they take time to start. */
async function load(file: string): Promise<LoadedConfig> {
  return (await import('../config/load.js')).loadConfig(file, kit)
}

async function loadOwn(folder: string, builtIn: readonly string[]): Promise<readonly Rule[]> {
  return (await import('../config/own-rules.js')).loadOwnRules(folder, builtIn, kit)
}

async function checkNames({ config, locate }: LoadedConfig, known: readonly string[]): Promise<void> {
  const { checkRules } = await import('../config/check.js')
  checkRules(config, known, locate)
}

/** What a scan without further flags would do, as JSON: every key, and every rule with its severity. */
export function renderConfiguration({ config, file, book, request }: Configuration): string {
  const { policy = DEFAULT_POLICY } = request
  const judged = new Map(chooseRules(book, undefined, policy).map((rule) => [rule.id, rule]))
  const rules = Object.fromEntries(
    book.map(({ id, severity }) => {
      const rule = judged.get(id)
      if (!rule) return [id, 'off']
      const set = severityUnder(rule, policy) ?? severity
      return [id, rule.options ? { severity: set, options: rule.options } : set]
    }),
  )
  return `${JSON.stringify({ file, ...config, presets: policy.presets, rules }, null, 2)}\n`
}
