import type { Column, Table } from '../../evidence/catalog/model.js'
import { quoteBody, quoteIdentifier } from '../../quote.js'
import { newName, quoteColumns, quoteRelation } from '../quote.js'
import { BOUND_WAIT } from './timeouts.js'

/** Rows that one transaction touches: well under a second, so that nobody waits long for a row. */
const BATCH = 5000

/** How often one batch is tried while somebody else holds its rows. */
const TRIES = 20

/**
 * What tells the rows of a table apart and is in order: the primary key, or a unique index over columns that are never null; null
 * where there is neither.
 */
export function keyOf({ primaryKey, indexes }: Table): readonly Column[] | null {
  if (primaryKey) return primaryKey.columns
  const index = indexes.find(
    ({ unique, valid, predicate, keys, method }) =>
      unique && valid && predicate === null && method === 'btree' && keys.every(({ column }) => column?.notNull),
  )
  return index?.keys.flatMap(({ column }) => column ?? []) ?? null
}

/**
 * A block that goes through a table in order of its key and commits after each batch; it cannot run inside a transaction. `work`
 * gives the statement for the rows that meet a condition, and it must do nothing to rows that are done, so that the block may be
 * run again.
 */
export function inBatches(
  table: Table,
  key: readonly Column[],
  work: (condition: string) => string,
  prologue: readonly string[] = [],
  epilogue: readonly string[] = [],
): string {
  const taken = new Set(table.columns.map(({ name }) => name))
  const variable = (part: Column, suffix: string) => quoteIdentifier(newName([part.name], suffix, taken))
  const from = key.map((part) => variable(part, 'from'))
  const upto = key.map((part) => variable(part, 'upto'))
  const attempt = quoteIdentifier(newName(['batch'], 'try', taken))
  const written = quoteIdentifier(newName(['rows'], 'written', taken))
  const relation = quoteRelation(table)
  const order = quoteColumns(key)
  const backwards = key.map(({ name }) => `${quoteIdentifier(name)} desc`).join(', ')
  const row = (parts: readonly string[]) => (parts.length === 1 ? parts[0]! : `(${parts.join(', ')})`)
  const columns = row(key.map(({ name }) => quoteIdentifier(name)))
  const body = [
    '#variable_conflict use_column',
    'declare',
    ...key.flatMap(({ type }, at) => [`  ${from[at]} ${type.sql};`, `  ${upto[at]} ${type.sql};`]),
    `  ${written} bigint;`,
    'begin',
    ...(prologue.length > 0 ? [`  ${BOUND_WAIT};`] : []),
    ...prologue.map((statement) => `  ${statement};`),
    ...(prologue.length > 0 ? ['  commit;'] : []),
    `  select ${order} into ${from.join(', ')} from ${relation} order by ${order} limit 1;`,
    `  while ${from[0]} is not null loop`,
    `    select ${order} into ${upto.join(', ')} from (`,
    `      select ${order} from ${relation} where ${columns} >= ${row(from)} order by ${order} limit ${BATCH}`,
    `    ) as batch order by ${backwards} limit 1;`,
    `    exit when ${upto[0]} is null;`,
    `    for ${attempt} in 1..${TRIES} loop`,
    '      begin',
    `        ${work(`${columns} >= ${row(from)} and ${columns} <= ${row(upto)}`)};`,
    `        get diagnostics ${written} = row_count;`,
    '        exit;',
    '      exception when lock_not_available or deadlock_detected then',
    `        if ${attempt} = ${TRIES} then raise; end if;`,
    '      end;',
    `      perform pg_catalog.pg_sleep(0.1 * ${attempt});`,
    '    end loop;',
    // Without a write there is nothing to commit, so that a run that finds all done may be inside a transaction.
    `    if ${written} > 0 then commit; end if;`,
    `    select ${order} into ${from.join(', ')} from ${relation} where ${columns} > ${row(upto)} order by ${order} limit 1;`,
    '  end loop;',
    ...(epilogue.length > 0 ? [`  ${BOUND_WAIT};`] : []),
    ...epilogue.map((statement) => `  ${statement};`),
    'end',
  ]
  return `do ${quoteBody(body.join('\n'))}`
}
