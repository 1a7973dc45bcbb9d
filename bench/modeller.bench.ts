import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, it } from 'vitest'
import { proposePredicates } from '../src/billing/propositions/predicates.js'
import { judge } from '../src/engine/judge.js'
import type { Rule } from '../src/engine/rule.js'
import embeddedEntity from '../rules/normalization/embedded-entity.js'
import { loadParser } from '../src/evidence/catalog/expression.js'
import type { Catalog, Column, ForeignKey, Table } from '../src/evidence/catalog/model.js'
import { linkCatalog } from '../src/evidence/catalog/link.js'
import { readCatalog } from '../src/evidence/catalog/read.js'
import { collectSample } from '../src/evidence/sample/collect.js'
import { witnessForeignKeys } from '../src/evidence/sample/foreign-keys.js'
import type { Sample } from '../src/evidence/sample/model.js'
import { openSource } from '../src/source/open.js'
import { openRowSession } from '../src/source/live/rows.js'
import { PROPOSERS } from '../src/audit/sample-rows.js'
import { quoteIdentifier } from '../src/quote.js'
import { catalogEvidence } from '../test/scratch.js'
import { readLiveCatalog } from '../test/live-catalog.js'
import { startServer, type TestServer } from '../test/servers.js'
import { printFigure } from './figures.js'
import { tpchSql } from './tpch.js'

/** A folder of `<name>.sql`, each a database for one session: public data sets, which are no part of the project. */
const DATA_SETS = process.env['PGBA_DATA_SETS']

/** Judged by hand: keys that a project forgot to declare are right. */
const LABELS = JSON.parse(readFileSync(new URL('labels/foreign-keys.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, string>>>
>

let server: TestServer
beforeAll(async () => {
  await loadParser()
  server = await startServer(15)
})
afterAll(() => server.stop())

interface DataSet {
  readonly name: string
  readonly sql: string
}

function dataSets(): readonly DataSet[] {
  const files = DATA_SETS && existsSync(DATA_SETS) ? readdirSync(DATA_SETS).filter((file) => file.endsWith('.sql')) : []
  const read = files.map((file) => ({
    name: file.replace('.sql', ''),
    sql: readFileSync(`${DATA_SETS}/${file}`, 'utf8'),
  }))
  if (read.length === 0) console.log('  PGBA_DATA_SETS names no folder with data sets: own ones only')
  return [{ name: 'TPC-H', sql: tpchSql() }, ...read]
}

async function look(url: string, depth: 'sample' | 'full' = 'full'): Promise<{ catalog: Catalog; sample: Sample }> {
  const catalog = await readLiveCatalog(url)
  const session = await openRowSession(url, { rowSecurity: 'on' })
  try {
    return { catalog, sample: (await collectSample(session, catalog, { depth }, PROPOSERS)).sample }
  } finally {
    await session.close()
  }
}

const relation = (table: Pick<Table, 'schema' | 'name'>) =>
  `${quoteIdentifier(table.schema.name)}.${quoteIdentifier(table.name)}`
const nameOf = ({ columns, referencedColumns }: Pick<ForeignKey, 'columns' | 'referencedColumns'>) =>
  `${columns.map(({ address }) => address).join()} > ${referencedColumns.map(({ address }) => address).join()}`

function score(
  what: string,
  found: readonly string[],
  truth: readonly string[],
  bound: string,
  labels: Readonly<Record<string, string>> = {},
): void {
  const right = found.filter((one) => truth.includes(one)).length
  const [precision, recall] = [right / Math.max(1, found.length), right / Math.max(1, truth.length)]
  const adjudicated = found.filter((one) => truth.includes(one) || labelFor(labels, one)?.startsWith('right')).length
  printFigure(
    what,
    `P ${precision.toFixed(3)} R ${recall.toFixed(3)}`,
    `${bound} (${right} right, ${found.length} found, ${truth.length} true${adjudicated > right ? `, adjudicated P ${(adjudicated / found.length).toFixed(3)}` : ''})`,
  )
  for (const one of found.filter((other) => !truth.includes(other)))
    console.log(`      wrong  ${one} (${labelFor(labels, one) ?? 'no label'})`)
  for (const one of truth.filter((other) => !found.includes(other)))
    console.log(`      missed ${one}${labels[one] ? ` (${labels[one]})` : ''}`)
}

/** Every foreign key and CHECK is dropped; what was declared is the truth. A heir's key stands for its parent's column too. */
async function hideKeys(url: string): Promise<readonly string[]> {
  const catalog = await readLiveCatalog(url)
  const keys = [...catalog.foreignKeys()].filter(({ table, inherited }) => !inherited && !table.partitionOf)
  const checks = catalog.tables.flatMap((table) =>
    table.checks.filter(({ inherited }) => !inherited && !table.partitionOf),
  )
  for (const constraint of [...keys, ...checks])
    await server.run(
      `alter table ${relation(constraint.table)} drop constraint ${quoteIdentifier(constraint.name)}`,
      url,
    )
  await server.run('analyze', url)
  return [...new Set(keys.filter(({ columns }) => !columns.some(({ inherited }) => inherited)).map(nameOf))]
}

it('finds foreign keys that were hidden, and orphans that were seeded', async () => {
  console.log('\nforeign keys with data (declared ones hidden)')
  const all: { found: readonly string[]; truth: readonly string[] }[] = []
  for (const { name, sql } of dataSets()) {
    const url = await server.createDatabase(sql)
    const truth = await hideKeys(url)
    const { catalog, sample } = await look(url)
    const found = witnessForeignKeys(catalog, sample)
      .filter(({ alternatives }) => alternatives.length === 0)
      .map(nameOf)
    score(`  ${name}`, found, truth, '≥ .95 / ≥ .97', LABELS[name])
    all.push({ found: found.map((one) => `${name} ${one}`), truth: truth.map((one) => `${name} ${one}`) })
    await seedOrphans(name, url, truth)
  }
  const [found, truth] = [all.flatMap((one) => one.found), all.flatMap((one) => one.truth)]
  const right = found.filter((one) => truth.includes(one)).length
  printFigure('  all', `P ${(right / found.length).toFixed(3)} R ${(right / truth.length).toFixed(3)}`, '≥ .95 / ≥ .97')
})

/** Points 0.1 – 5 % of the rows of up to 20 single-column keys to nowhere. */
async function seedOrphans(name: string, url: string, truth: readonly string[]): Promise<void> {
  const catalog = await readLiveCatalog(url)
  const tables = new Map(catalog.tables.map((table) => [table.address, table]))
  const shares = [0.001, 0.005, 0.01, 0.03, 0.05]
  const seeded = new Map<string, number>()
  for (const key of truth) {
    const [from = '', to = ''] = key.split(' > ')
    if (from.includes(',') || seeded.size === 20) continue
    const table = tables.get(from.slice(0, from.lastIndexOf('.')))
    const column = table?.column(from.slice(from.lastIndexOf('.') + 1))
    if (
      !table ||
      !column ||
      !column.type.name.startsWith('int') ||
      !table.primaryKey ||
      table.primaryKey.columns.includes(column)
    )
      continue
    const share = shares[seeded.size % shares.length]!
    const [{ n } = { n: 0 }] = (await server.run(
      `select count(*)::int as n from ${relation(table)} where ${quoteIdentifier(column.name)} is not null`,
      url,
    )) as { n: number }[]
    const wrong = Math.floor(n * share)
    if (wrong === 0) continue
    const keys = table.primaryKey.columns.map((one) => quoteIdentifier(one.name)).join(', ')
    await server.run(
      `update ${relation(table)} set ${quoteIdentifier(column.name)} = 32000 where (${keys}) in (select ${keys} from ${relation(table)} where ${quoteIdentifier(column.name)} is not null order by ${keys} limit ${wrong})`,
      url,
    )
    seeded.set(`${from} > ${to}`, wrong)
  }
  const after = await look(url)
  const reported = new Map(
    witnessForeignKeys(after.catalog, after.sample).map((key) => [nameOf(key), key.grounds?.violations ?? 0]),
  )
  const exact = [...seeded].filter(([key, count]) => reported.get(key) === count)
  printFigure(`  ${name}: seeded orphans with their exact count`, `${exact.length} of ${seeded.size}`, 'all')
  for (const [key, count] of seeded)
    if (reported.get(key) !== count)
      console.log(`      missed ${key}: ${count} seeded, ${reported.get(key) ?? 'key not found'}`)
}

it('finds what was joined into a table, and nothing in tables that were not', async () => {
  console.log('\nnormal forms (strong tier)')
  const found: string[] = []
  const truth: string[] = []
  const notes = new Map<string, string>()
  let [controls, flagged, asked, exceptions, listed] = [0, 0, 0, 0, 0]
  for (const { name, sql } of dataSets()) {
    const url = await server.createDatabase(sql)
    const catalog = await readLiveCatalog(url)
    const untouched = await look(url)
    const known = new Set<string>()
    const sources = new Map<string, { readonly tables: readonly string[]; readonly names: readonly string[] }>()
    for (const table of untouched.catalog.tables) {
      if ((untouched.sample.table(table)?.rowsConsidered ?? 0) < 30) continue
      controls++
      const entities = entitiesIn(untouched).filter(({ object }) => object.table === table.name)
      for (const { evidence } of entities)
        known.add(`${table.name} ${(evidence.facts['determinant'] as string[]).join()}`)
      if (entities.some(({ breaks }) => breaks)) flagged++
      if (entities.some(({ breaks }) => !breaks)) asked++
      for (const { severity, message, breaks } of entities)
        console.log(`      control ${breaks ? 'flagged' : 'asked'} ${name} (${severity}) ${message}`)
    }
    const joins = [...catalog.foreignKeys()].filter(
      ({ columns, table, referencedTable }) =>
        columns.length === 1 && referencedTable !== table && table.primaryKey && !table.partitionOf,
    )
    for (const [at, key] of joins.entries()) {
      const moved = key.referencedTable.columns
        .filter((column) => !key.referencedColumns.includes(column) && isPlain(column.type.name))
        .slice(0, 4)
      const joined = `joined_${at}`
      const parent = key.referencedTable.name.replace(/s$/, '')
      // Every second join leaves the names as they are, so that none tells whose they are.
      const isTaken = ({ name: moving }: Column) => key.table.column(moving) !== undefined
      const names = moved.map((column) => (at % 2 === 0 || isTaken(column) ? `${parent}_${column.name}` : column.name))
      const column = quoteIdentifier(key.columns[0]!.name)
      await server.run(
        `create table ${joined} as select t.*${moved.map((one, i) => `, p.${quoteIdentifier(one.name)} as ${quoteIdentifier(names[i]!)}`).join('')} from ${relation(key.table)} t join ${relation(key.referencedTable)} p on p.${quoteIdentifier(key.referencedColumns[0]!.name)} = t.${column};
         alter table ${joined} add primary key (${key.table.primaryKey!.columns.map((one) => quoteIdentifier(one.name)).join(', ')})`,
        url,
      )
      const [row] = await server.run(
        `select count(*)::int as n, count(distinct ${column})::int as d, ${names.map((one) => `count(distinct ${quoteIdentifier(one)})::int`).join(' + ') || '0'} as values from ${joined}`,
        url,
      )
      const { n, d } = row as { n: number; d: number }
      // What the rows cannot show is no truth: too few of them, or nearly every value once.
      if (n < 60 || d < 6 || d > 0.5 * n || names.length === 0) await server.run(`drop table ${joined}`, url)
      else {
        truth.push(`${name} ${joined} ${key.columns[0]!.name}`)
        sources.set(joined, { tables: [key.table.name, key.referencedTable.name], names })
      }
    }
    const { catalog: denormalised, sample } = await look(url)
    for (const { object, evidence, message } of entitiesIn({ catalog: denormalised, sample })) {
      const source = sources.get(object.table ?? '')
      const determinant = (evidence.facts['determinant'] as string[]).join()
      const one = `${name} ${object.table} ${determinant}`
      // What the rows say of a table before it is joined counts among the controls.
      const isKnown = source?.tables.some((table) =>
        known.has(`${table} ${determinant.replace(`${table.replace(/s$/, '')}_`, '')}`),
      )
      if (!source || (isKnown && !truth.includes(one))) continue
      found.push(one)
      notes.set(one, message)
    }
    for (const [joined, { names }] of sources)
      for (const one of truth.filter((other) => other.startsWith(`${name} ${joined} `)))
        notes.set(one, notes.get(one) ?? names.join())
    // Seeded exceptions: 0.01 – 1 % of the rows of the largest joined table say something else.
    const [largest] = denormalised.tables
      .filter((one) => /^joined_\d+$/.test(one.name))
      .toSorted((a, b) => (sample.table(b)?.rowsTotal ?? 0) - (sample.table(a)?.rowsTotal ?? 0))
    const [entity] = largest
      ? sample.entities(largest).filter(({ strong, grounds }) => strong && grounds.support > 20)
      : []
    if (largest && entity) {
      const [dependent] = entity.dependents
      const column = largest.column(dependent!.name)!
      const rows = sample.table(largest)!.rowsTotal ?? 0
      const wrong = Math.max(2, Math.floor(rows * 0.002))
      const keys = largest.primaryKey!.columns.map((one) => quoteIdentifier(one.name)).join(', ')
      const other = /^int|numeric|float/.test(column.type.name) ? '-1' : `null`
      await server.run(
        `alter table ${relation(largest)} alter column ${quoteIdentifier(column.name)} drop not null; update ${relation(largest)} set ${quoteIdentifier(column.name)} = ${other} where (${keys}) in (select ${keys} from ${relation(largest)} order by md5((${keys})::text) limit ${wrong})`,
        url,
      )
      const x = entity.determinant.map(quoteIdentifier).join(', ')
      const [{ bad } = { bad: 0 }] = (await server.run(
        `select count(*)::int as bad from (select from ${relation(largest)} group by ${x} having count(distinct coalesce(${quoteIdentifier(column.name)}::text, '∅')) > 1) g`,
        url,
      )) as { bad: number }[]
      const again = (await look(url)).sample
        .entities(largest)
        .find(({ determinant }) => determinant.join() === entity.determinant.join())
      exceptions++
      const counted = again?.dependents.find((one) => one.name === column.name)?.exceptions
      if (counted === bad) listed++
      else
        console.log(
          `      missed ${name} ${largest.name} ${entity.determinant.join()} → ${column.name}: ${bad} seeded, ${counted ?? 'none'} found`,
        )
    }
  }
  score('  determinants of joined tables', found, truth, '≥ .93 / ≥ .94', Object.fromEntries(notes))
  printFigure('  untouched control tables with a finding', `${flagged} of ${controls}`, '≤ 5 %')
  printFigure('  untouched control tables about which it asks', `${asked} of ${controls}`)
  printFigure(
    '  seeded exceptions, values that contradict themselves counted exactly',
    `${listed} of ${exceptions}`,
    'all',
  )
})

/** What the rule about embedded entities says. */
function entitiesIn({ catalog, sample }: { readonly catalog: Catalog; readonly sample: Sample }) {
  const rule = { ...embeddedEntity, id: 'normalization/embedded-entity', category: 'normalization' } as unknown as Rule
  return judge([rule], { ...catalogEvidence(catalog), sample }).judged.map(({ finding }) => finding)
}

function isPlain(type: string): boolean {
  return /^(?:text|varchar|bpchar|int[248]|numeric|date)$/.test(type)
}

it('looks at 100 tables, and at one of 116 columns', async () => {
  console.log('\ncost of looking at rows')
  const url = await server.createDatabase(
    Array.from(
      { length: 100 },
      (_, at) =>
        `create table t${at} (id int primary key, customer_id int, amount numeric(12, 2), status text, created_at timestamptz); insert into t${at} select n, n % 400, n % 97, 's' || n % 4, '2026-01-01' from generate_series(1, 1000) n;`,
    ).join('\n') + ' analyze;',
  )
  const start = performance.now()
  await look(url, 'sample')
  printFigure('  sample of 100 tables', `${Math.round(performance.now() - start)} ms`, '≤ 10 s')
  const columns = Array.from({ length: 115 }, (_, at) => `c${at} int`)
  const wide = await server.createDatabase(
    `create table wide (id int primary key, ${columns.join(', ')}); insert into wide select n, ${columns.map((_, at) => `(n * ${at + 3} + n / ${at + 2}) % ${50 + at * 37}`).join(', ')} from generate_series(1, 100000) n; analyze`,
  )
  const before = process.cpuUsage()
  const { catalog } = await look(wide, 'sample')
  const { user } = process.cpuUsage(before)
  printFigure('  a sample of 116 columns, our own processor time', `${Math.round(user / 1000)} ms`, '≤ 1 s')
  printFigure('  predicates proposed of it', `${proposePredicates(catalog.tables[0]!, null).length}`)
})

it('looks at a large table', async () => {
  const rows = Number(process.env['PGBA_LARGE_ROWS'] ?? 1_000_000)
  console.log(`\na table of ${rows.toLocaleString('en')} rows (PGBA_LARGE_ROWS)`)
  const url = await server.createDatabase(
    `create table customer (id int primary key); insert into customer select n from generate_series(1, 5000) n;
     create unlogged table lease (id bigint not null, customer_id int, starts_on date, ends_on date, quantity int, price numeric(12, 2), min_days int, max_days int, email text);
     insert into lease select n, n % 5000 + 1, date '2020-01-01' + n % 2000, date '2020-01-01' + n % 2000 + 30, n % 9 + 1, n % 100, n % 5, n % 5 + 3, 'm' || n % 70000 || '@example.com' from generate_series(1, ${rows}) n;
     alter table lease add primary key (id); update lease set ends_on = starts_on - 1 where id in (7, ${rows >> 1}, ${rows - 3}); analyze`,
  )
  for (const depth of ['sample', 'full'] as const) {
    const session = await openRowSession(url, { rowSecurity: 'on' })
    const looked: { sql: string; ms: number }[] = []
    const timed: typeof session = {
      ...session,
      look: async (sql, time) => {
        const start = performance.now()
        try {
          return await session.look(sql, time)
        } finally {
          if (sql.includes('lease')) looked.push({ sql, ms: performance.now() - start })
        }
      },
    }
    const start = performance.now()
    const catalog = await readLiveCatalog(url)
    const budget = { statement: 60_000, table: 120_000, run: 300_000 }
    const { sample, notSeen } = await collectSample(timed, catalog, { depth, budget }, PROPOSERS)
    await session.close()
    printFigure(`  --data ${depth}, the whole look`, `${Math.round(performance.now() - start)} ms`)
    const whole = looked.filter(({ sql }) => !sql.includes('tablesample'))
    const partial = looked.filter(({ sql }) => sql.includes('tablesample'))
    if (depth === 'sample') {
      const codes = partial.find(({ sql }) => sql.includes('string_agg'))
      const answers = partial.filter((one) => one !== codes)
      printFigure(
        '  slowest answer of the sample',
        `${Math.round(Math.max(...answers.map(({ ms }) => ms)))} ms`,
        '≤ 50 ms',
      )
      for (const { sql, ms } of answers.toSorted((a, b) => b.ms - a.ms).slice(0, 4))
        console.log(`      ${Math.round(ms)} ms ${sql.slice(0, 110)}`)
      printFigure('  fetching its columns as codes', `${Math.round(codes?.ms ?? 0)} ms`)
    } else {
      const checks = whole.find(({ sql }) => /filter \(where not \(/.test(sql) && !sql.includes('missing'))
      const predicates = proposePredicates(
        catalog.tables.find(({ name }) => name === 'lease')!,
        null,
      ).length
      printFigure(
        '  scans for all its checks',
        `${whole.filter(({ sql }) => /filter \(where not \(/.test(sql)).length}`,
        `1 (${checks?.sql.split('filter').length ?? 0} counts, ${predicates} by names alone)`,
      )
      printFigure('  that scan', `${Math.round(checks?.ms ?? 0)} ms`)
      for (const { sql, ms } of whole) console.log(`      ${Math.round(ms)} ms ${sql.slice(0, 110)}`)
      const lease = catalog.tables.find(({ name }) => name === 'lease')!
      const period = sample.predicates(lease).find(({ family }) => family === 'period')
      const grounds = period && sample.predicate(period.id)?.grounds
      printFigure('  three rows that end before they start', `${grounds?.tier} ${grounds?.violations}`, 'verified 3')
    }
    for (const { what, reason } of notSeen) console.log(`      not seen: ${what}: ${reason}`)
  }
})

/** A folder with a folder of SQL files for each project: schemas without rows. */
const SCHEMAS = process.env['PGBA_SCHEMAS']

/** What was judged of a key that nobody declared; `*` in a label stands for any text. */
function labelFor(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  const pattern = (label: string) =>
    new RegExp(
      `^${label
        .split('*')
        .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*')}$`,
    )
  return labels[key] ?? Object.entries(labels).find(([label]) => label.includes('*') && pattern(label).test(key))?.[1]
}

it('finds foreign keys by names alone', async () => {
  console.log('\nforeign keys by names alone (declared ones hidden)')
  if (!SCHEMAS || !existsSync(SCHEMAS)) return console.log('  PGBA_SCHEMAS names no folder with schemas')
  for (const name of readdirSync(SCHEMAS)) {
    const source = await openSource({ kind: 'files', paths: [`${SCHEMAS}/${name}`] })
    try {
      const scratch = source.loaded!.session
      const catalog = linkCatalog(await readCatalog(scratch))
      const keys = [...catalog.foreignKeys()].filter(({ table, inherited }) => !inherited && !table.partitionOf)
      for (const key of keys)
        await scratch.execute(`alter table ${relation(key.table)} drop constraint ${quoteIdentifier(key.name)}`)
      const truth = [...new Set(keys.map(nameOf))]
      const found = witnessForeignKeys(linkCatalog(await readCatalog(scratch)), null)
        .filter(({ alternatives }) => alternatives.length === 0)
        .map(nameOf)
      const labels = LABELS[name] ?? {}
      const labelOf = (one: string) => labelFor(labels, one)
      const adjudicated = found.filter((one) => truth.includes(one) || labelOf(one)?.startsWith('right')).length
      const right = found.filter((one) => truth.includes(one)).length
      printFigure(
        `  ${name}`,
        `R ${(right / truth.length).toFixed(3)}`,
        `≥ .92; precision ${(right / found.length).toFixed(3)}, adjudicated ${(adjudicated / found.length).toFixed(3)} ≥ .97 (${found.length} found, ${truth.length} true)`,
      )
      for (const one of found.filter((other) => !truth.includes(other) && !labelOf(other)?.startsWith('right')))
        console.log(`      undeclared: ${one} (${labelOf(one) ?? 'no label'})`)
      for (const one of truth.filter((other) => !found.includes(other))) console.log(`      missed ${one}`)
    } finally {
      await source.close()
    }
  }
})
