import {
  afterReview,
  type Apart,
  areApart,
  type Claim,
  claimOf,
  type Column,
  endAtNext,
  keepApart,
  quoteColumns,
  quoteIdentifier,
  quoteLiteral,
  quoteRelation,
  rule,
  selectKeys,
} from '../../src/kit.js'

const RANGE: Readonly<Record<string, Apart['range']['type']>> = {
  date: 'daterange',
  timestamp: 'tsrange',
  timestamptz: 'tstzrange',
}

export default rule({
  severity: 'warning',
  aboutMoney: true,
  complexity: 'high',
  docs: {
    summary: 'Let an exclusion constraint keep periods of one owner from overlapping.',
    why: 'Two subscriptions or prices that hold at the same time bill the customer twice, or by whichever row a query meets first. A trigger that looks for overlaps does not see what another session has not committed yet.',
    bad: 'create table product (id bigint primary key); create table product_price (id bigint primary key, product_id bigint not null references product, amount numeric(12, 2) not null, valid_from date not null, valid_to date);',
    good: "create extension if not exists btree_gist; create table product (id bigint primary key); create table product_price (id bigint primary key, product_id bigint not null references product, amount numeric(12, 2) not null, valid_from date not null, valid_to date, exclude using gist (product_id with =, daterange(valid_from, valid_to, '[)') with &&));",
    unless: 'One owner may have several at the same time.',
    references: [
      'https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-EXCLUSION',
      'https://www.postgresql.org/docs/current/rangetypes.html#RANGETYPES-CONSTRAINT',
    ],
  },
  needs: ['catalog'],
  tier: 'inferred',
  confidence: 0.6,

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const claim = claimOf(table, catalog)
      if (!claim || areApart(claim)) continue
      const { when, owner } = claim
      const columns = when.period ? [when.period.start, when.period.end] : [when.range!]
      yield {
        on: columns.at(-1)!,
        related: [...owner, ...columns.slice(0, -1)],
        facts: {
          owner: owner.map(({ name }) => name),
          when: columns.map(({ name }) => name).join(' … '),
          live: claim.live,
        },
      }
    }
  },

  message: ({ on, facts: { owner, when, live } }) =>
    `${on.table} lets two${live.length > 0 ? ' live' : ''} rows of one ${owner.join(', ')} overlap in ${when}.`,

  advice: ({ on, facts: { when } }) =>
    `If one owner may only have one at a time, add an exclusion constraint over ${when.includes(' … ') ? 'the range of both columns' : when}. It cannot be added NOT VALID: nobody can read or write ${on.table} while it is built (seconds for 100,000 rows), and inserts are slower afterwards.${when.includes(' … ') ? '' : ` From PostgreSQL 18 on it can be a unique key with ${when} WITHOUT OVERLAPS, which foreign keys can refer to by period, where no status matters.`} For a big table keep owner and period in a narrow table of their own that carries the constraint.`,

  fix: ({ on, catalog, target }) => {
    const claim = claimOf(on.table, catalog)
    if (!claim || on.table.variety === 'partitioned' || (claim.status && claim.live.length === 0 && !claim.ended))
      return []
    return afterReview(
      `May ${nounFor(claim)} have only one row of ${on.table} at a time${claim.live.length > 0 ? ` while it is ${claim.live.join(' or ')}` : ''}, and does the next begin where the last ends?`,
      keepApart(apartOf(claim), { catalog, target }),
    )
  },
})

function nounFor({ owner }: Claim): string {
  return `one ${owner.map(({ name }) => name).join(', ')}`
}

function apartOf(claim: Claim): Apart {
  const { owner, when, status, ended } = claim
  const { range, period } = when
  const { table } = range ?? period!.end
  const condition = conditionOf(claim)
  const type = range ? range.type.name : (RANGE[period!.end.type.name] ?? 'tstzrange')
  const key = table.primaryKey?.columns.map(({ name }) => `${quoteIdentifier(name)}, `).join('') ?? ''
  const held = range
    ? { sql: quoteIdentifier(range.name), columns: [range] }
    : {
        sql: `${type}(${quoteIdentifier(period!.start.name)}, ${quoteIdentifier(period!.end.name)}, '[)')`,
        columns: [period!.start, period!.end],
      }
  const [start, end] = range
    ? [`lower(${held.sql})`, `upper(${held.sql})`]
    : [quoteIdentifier(period!.start.name), quoteIdentifier(period!.end.name)]
  // What is empty overlaps nothing, but WITHOUT OVERLAPS refuses it; a reversed period makes the range function fail.
  const lasts = range ? `not isempty(${held.sql})` : `coalesce(${end}, 'infinity') <> coalesce(${start}, '-infinity')`
  const mayBeKey = range !== null && condition === ''
  const counted = [...(condition ? [`(${condition})`] : []), ...(mayBeKey ? [] : [lasts])].join(' and ')
  const where = counted ? ` where ${counted}` : ''
  const odd = mayBeKey ? ' or is_empty' : range ? '' : ' or ends < starts'
  const empty = mayBeKey ? `, isempty(${held.sql}) as is_empty` : ''
  const inTheWay = `(select ${key}coalesce(${start}, '-infinity') as starts, ${end} as ends${empty}, max(coalesce(${end}, 'infinity')) over (partition by ${quoteColumns(owner)} order by coalesce(${start}, '-infinity') rows between unbounded preceding and 1 preceding) as taken_until from ${quoteRelation(table)}${where}) as periods where taken_until > starts${odd}`
  return {
    table,
    owner: owner.map((column) => ({ column, sql: comparable(column) })),
    range: { type: type as Apart['range']['type'], sql: held.sql, column: range },
    where: condition || null,
    columns: [...owner, ...held.columns, ...(status ? [status] : []), ...(ended ? [ended] : [])],
    precheck: `select count(*) from ${inTheWay}`,
    repair:
      range || !period
        ? null
        : endAtNext(
            period,
            owner.map((column) => ({ column, sql: comparable(column) })),
            condition || null,
          ),
    listing: selectKeys(table, 'periods', inTheWay),
  }
}

/** Nulls are never equal: a qualifier that may be missing is compared as an empty text. */
function comparable(column: Column): string {
  const name = quoteIdentifier(column.name)
  return column.notNull || !/^(?:text|varchar)$/.test(column.type.name) ? name : `coalesce(${name}, '')`
}

function conditionOf({ status, live, ended }: Claim): string {
  if (status && live.length === 1) return `${quoteIdentifier(status.name)} = ${quoteLiteral(live[0] ?? '')}`
  if (status && live.length > 1) return `${quoteIdentifier(status.name)} in (${live.map(quoteLiteral).join(', ')})`
  return ended ? `${quoteIdentifier(ended.name)} is null` : ''
}
