import type { FolderFacts } from './inspect.js'

/** Forms in which `init` writes. */
export const DRAFT_FORMS = ['yaml', 'jsonc', 'ts'] as const
export type DraftForm = (typeof DRAFT_FORMS)[number]

/** A line of a draft: a key with its value, or a comment alone. `off` lines are commented out. */
interface Line {
  readonly key?: string
  readonly value?: unknown
  readonly off?: boolean
  readonly comment?: string
}

interface Block {
  readonly comment: string
  readonly lines: readonly Line[]
  /** The key that the lines stand under. */
  readonly under?: string
}

const RUNNERS = {
  github: 'GitHub Actions: `- uses: <this action>@<version>` with `targets`; docs/ci.md has the workflow.',
  gitlab: 'GitLab: include templates/gitlab-ci.yml of the package; docs/ci.md has the lines.',
  'pre-commit': 'pre-commit: the hook id is `pg-billing-audit`; docs/ci.md has the lines.',
}

/** A configuration for what was found in a folder, with comments. */
export function renderDraft(facts: FolderFacts, form: DraftForm): string {
  const blocks = describe(facts)
  if (form === 'yaml') return renderYaml(blocks)
  const [open, close] = form === 'ts' ? ['export default defineConfig({', '})'] : ['{', '}']
  const head = form === 'ts' ? ["import { defineConfig } from 'pg-billing-audit/kit'", ''] : []
  const literal = (value: unknown) => (form === 'ts' ? tsLiteral(value) : JSON.stringify(value))
  const name = (key: string) => (form === 'ts' && /^[A-Za-z]\w*$/.test(key) ? key : literal(key))
  const body = blocks.flatMap(({ comment, lines, under }, at) => {
    const indent = under ? '    ' : '  '
    const inner = lines.map(({ key, value, off, comment: said }) => {
      if (key === undefined) return `${indent}// ${said ?? ''}`
      return `${indent}${off ? '// ' : ''}${name(key)}: ${literal(value)},${said ? ` // ${said}` : ''}`
    })
    const wrapped = under ? [`  ${name(under)}: {`, ...inner, '  },'] : inner
    return [...(at > 0 ? [''] : []), `  // ${comment}`, ...wrapped]
  })
  return `${[...head, open, ...body, close].join('\n')}\n`
}

function describe({ targets, layout, workload, variable, runners }: FolderFacts): readonly Block[] {
  return [
    {
      comment: 'What `pg-billing-audit scan` looks at when nothing is named.',
      under: 'source',
      lines: [
        ...(targets.length > 0
          ? [{ key: 'targets', value: targets }]
          : [{ key: 'targets', value: ['db/migrations'], off: true, comment: 'no SQL file was found in this folder' }]),
        ...(layout
          ? [{ key: 'layout', value: layout.name, off: true, comment: `recognized: ${layout.evidence ?? layout.name}` }]
          : []),
        workload.length > 0
          ? { key: 'workload', value: workload }
          : {
              key: 'workload',
              value: ['db/queries.sql'],
              off: true,
              comment: "the application's queries sharpen index advice",
            },
        {
          key: 'database',
          value: variable ?? 'DATABASE_URL',
          off: true,
          comment: 'name of the variable with the connection string, for scans of a live server',
        },
      ],
    },
    {
      comment: 'recommended, and any of: billing, strict, migrations, style, hygiene.',
      lines: [{ key: 'presets', value: ['recommended'] }],
    },
    {
      comment: '`pg-billing-audit rules` lists all rules; off, info, warning or error.',
      under: 'rules',
      lines: [{ key: 'security/unguarded-table', value: 'off', off: true, comment: 'an example' }],
    },
    {
      comment: 'The gate: what makes a scan fail. `scan --update-baseline` accepts what is there today.',
      lines: [
        { key: 'failOn', value: 'error' },
        { key: 'strict', value: true, off: true, comment: 'fails on what was not looked at, too …' },
        { key: 'acceptUnseen', value: ['statistics'], off: true, comment: '… but for what SQL files cannot have' },
        { key: 'requireReason', value: true, comment: 'a suppression says why' },
      ],
    },
    ...(runners.length > 0
      ? [
          {
            comment: 'In CI:',
            lines: runners.map((runner) => ({ comment: RUNNERS[runner] })),
          },
        ]
      : []),
  ]
}

function renderYaml(blocks: readonly Block[]): string {
  const body = blocks.flatMap(({ comment, lines, under }, at) => {
    const every = under !== undefined && lines.every(({ off, key }) => off || key === undefined)
    const indent = under ? '  ' : ''
    const inner = lines.map(({ key, value, off, comment: said }) => {
      if (key === undefined) return `${indent}# ${said ?? ''}`
      return `${every && off ? '#' : ''}${indent}${off && !every ? '# ' : ''}${key}: ${JSON.stringify(value)}${said ? ` # ${said}` : ''}`
    })
    return [...(at > 0 ? [''] : []), `# ${comment}`, ...(under ? [`${every ? '#' : ''}${under}:`] : []), ...inner]
  })
  return `# yaml-language-server: $schema=./node_modules/pg-billing-audit/schema/config.json\n${body.join('\n')}\n`
}

function tsLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tsLiteral).join(', ')}]`
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
  return JSON.stringify(value)
}
