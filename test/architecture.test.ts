import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** Room → rooms that it may import; docs/architecture.md has the reasons. A room may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  rules: ['src/kit'],
  'src/errors': [],
  'src/quote': [],
  'src/source': ['src/manifest', 'src/quote', 'src/errors'],
  'src/evidence': ['src/source', 'src/quote', 'src/errors'],
  'src/billing': ['src/evidence', 'src/quote'],
  'src/advisor': ['src/evidence', 'src/fix', 'src/source', 'src/quote', 'src/errors'],
  'src/engine': ['src/evidence', 'src/fix', 'src/source', 'src/errors'],
  'src/fix': ['src/evidence', 'src/source', 'src/engine', 'src/quote', 'src/errors', 'src/errors'],
  'src/config': ['src/billing', 'src/engine', 'src/source', 'src/errors'],
  'src/kit': ['src/errors', 'src/quote', 'src/config', 'src/engine', 'src/evidence', 'src/billing', 'src/fix'],
  'src/manifest': [],
  'src/audit': [
    'src/advisor',
    'src/billing',
    'src/engine',
    'src/errors',
    'src/evidence',
    'src/fix',
    'src/manifest',
    'src/source',
  ],
  'src/report': ['src/billing', 'src/engine', 'src/evidence', 'src/fix', 'src/quote', 'src/errors'],
  'src/cli': [
    'src/audit',
    'src/billing',
    'src/config',
    'src/engine',
    'src/report',
    'src/fix',
    'src/source',
    'src/errors',
  ],
  'src/commands': ['src/cli', 'src/audit', 'src/config', 'src/engine', 'src/report', 'src/fix', 'src/errors'],
}

const files = ['src', 'rules'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|js)$/.test(file))
    .map((file) => `${folder}/${file}`),
)

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const imports: readonly Import[] = files.flatMap((from) =>
  [...readFileSync(join(ROOT, from), 'utf8').matchAll(/^(import|export) (type )?[^'"]*?from '(\.[^']+)'/gms)].map(
    ([, , type, path = '']) => ({
      from,
      to: normalize(join(dirname(from), path)).replace(/\.js$/, ''),
      typeOnly: Boolean(type),
    }),
  ),
)

function roomOf(path: string): string {
  const [top = '', second = ''] = path.replace(/\.(ts|js)$/, '').split('/')
  return top === 'rules' ? 'rules' : `${top}/${second}`
}

describe('the house', () => {
  it('has no import that its table of rooms forbids', () => {
    const forbidden = imports.filter(({ from, to }) => {
      const [here, there] = [roomOf(from), roomOf(to)]
      return here !== there && !MAY_IMPORT[here]?.includes(there)
    })
    expect(forbidden.map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })

  it('lets fix and engine know only the shapes of each other', () => {
    const between = imports.filter(
      ({ from, to }) =>
        (roomOf(from) === 'src/fix' && roomOf(to) === 'src/engine') ||
        (roomOf(from) === 'src/engine' && roomOf(to) === 'src/fix'),
    )
    expect(between.filter(({ typeOnly }) => !typeOnly)).toEqual([])
  })

  it('has no cycles', () => {
    const graph = new Map<string, string[]>()
    for (const { from, to, typeOnly } of imports) {
      if (typeOnly) continue
      const file = from.replace(/\.(ts|js)$/, '')
      graph.set(file, [...(graph.get(file) ?? []), to])
    }
    const cycles: string[] = []
    const finished = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      else if (!finished.has(file)) {
        for (const next of graph.get(file) ?? []) visit(next, [...path, file])
        finished.add(file)
      }
    }
    for (const file of graph.keys()) visit(file, [])
    expect(cycles).toEqual([])
  })

  it('quotes names in one place', () => {
    const quoting = files.filter((file) => /replaceAll\('"', '""'\)/.test(readFileSync(join(ROOT, file), 'utf8')))
    expect(quoting).toEqual(['src/quote.ts', 'src/report/csv.ts'].filter((file) => quoting.includes(file)))
    expect(quoting).toContain('src/quote.ts')
  })

  it('keeps rules pure', () => {
    const impure = files
      .filter((file) => file.startsWith('rules/'))
      .filter((file) =>
        /\bconsole\.|\bprocess\.|Math\.random|Date\.now|new Date\(\)|\basync\b|\bawait\b|from '(?!\.\.\/\.\.\/src\/kit\.js')/.test(
          readFileSync(join(ROOT, file), 'utf8'),
        ),
      )
    expect(impure).toEqual([])
  })

  it('reads and writes to the console in commands only', () => {
    const loud = files.filter(
      (file) =>
        !file.startsWith('src/commands/') &&
        !file.startsWith('src/cli/') &&
        /\bconsole\.|process\.std(out|err)|process\.exit\(/.test(readFileSync(join(ROOT, file), 'utf8')),
    )
    expect(loud).toEqual([])
  })
})
