import {
  groupBy,
  afterReview,
  dropConstraint,
  dropIndex,
  findRedundantIndexes,
  type Redundancy,
  type RedundantIndex,
  rule,
} from '../../src/kit.js'

/** More columns than these make the other index so much larger that the short one may be worth its writes. */
const FEW_COLUMNS = 2
const WORTH_NAMING = 2 ** 20

const REASON: Readonly<Record<Redundancy, (kept: string) => string>> = {
  equal: (kept) => `holds the same keys as ${kept}`,
  prefix: (kept) => `holds the first keys of ${kept}, which serves the same searches and the same order`,
  within: (kept) => `holds a part of ${kept}, whose keys alone lead to that part`,
  narrower: (kept) => `makes unique what ${kept} makes unique with fewer columns`,
  hash: (kept) => `is a hash index over what the B-tree ${kept} finds as well`,
}

/** What only a person can know, where the other index is not quite the same thing. */
const QUESTION: Partial<Record<Redundancy, (index: string) => string>> = {
  within: (index) => `Is ${index} kept small on purpose, for a part of the table that is read all the time?`,
  narrower: (index) =>
    `Does an INSERT … ON CONFLICT name exactly the columns of ${index}, or do queries read its further columns from the index alone?`,
  hash: (index) => `Did a benchmark on your data show that ${index} is worth a second index to maintain?`,
}

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Drop the index that another index makes superfluous.',
    why: 'Each index is written on every insert and on most updates, takes memory and disk, and gives the planner one more plan to weigh. What another index does as well is paid for twice.',
    bad: 'create table invoice (id bigint primary key, customer_id bigint not null, issued_on date not null); create index on invoice (customer_id); create index on invoice (customer_id, issued_on);',
    good: 'create table invoice (id bigint primary key, customer_id bigint not null, issued_on date not null); create index on invoice (customer_id, issued_on); create index on invoice (issued_on);',
    unless: 'The shorter index is much smaller, fits in memory alone, and the longer one does not.',
    references: ['https://www.postgresql.org/docs/current/indexes-multicolumn.html'],
  },
  needs: ['catalog'],
  // Of another method it may be none.
  yieldsTo: ['indexes/unsuitable-index-method'],

  *detect({ catalog }) {
    const relations = [...catalog.tables, ...catalog.views]
    for (const [first, ...siblings] of foldPartitions(relations.flatMap(findRedundantIndexes))) {
      const { index, kept, redundancy } = first!
      const wider = kept.keys.length - index.keys.length + kept.included.length
      yield {
        on: index,
        related: [kept, ...siblings.map((sibling) => sibling.index)],
        facts: {
          kept: kept.name,
          redundancy,
          sizeBytes: index.sizeBytes,
          partitions: siblings.map((sibling) => ({ table: sibling.index.table.name, index: sibling.index.name })),
        },
        assessment:
          redundancy in QUESTION
            ? { severity: 'info' }
            : wider > FEW_COLUMNS
              ? { severity: 'info', confidence: 0.8 }
              : {},
      }
    }
  },

  message: ({ on, facts: { kept, redundancy, sizeBytes, partitions } }) => {
    const size = sizeBytes !== null && sizeBytes >= WORTH_NAMING ? ` (${Math.round(sizeBytes / WORTH_NAMING)} MiB)` : ''
    const more = partitions.length === 0 ? '' : `; so it is in ${partitions.length} other partitions`
    return `${on}${size} ${REASON[redundancy](kept)}${more}.`
  },

  advice: ({ on, facts: { kept } }) =>
    `Drop ${on.name} and keep ${kept}: every insert and most updates then write one index less.`,

  fix: ({ catalog, on, facts: { redundancy, partitions } }) => {
    const others = partitions.flatMap(
      ({ table, index }) =>
        catalog.table(on.table.schema.name, table)?.indexes.find(({ name }) => name === index) ?? [],
    )
    const steps = [on, ...others].flatMap((index) =>
      index.constraint ? dropConstraint(index.constraint) : dropIndex(index),
    )
    const question = QUESTION[redundancy]?.(on.name)
    return question ? afterReview(question, steps) : steps
  },
})

/** Duplicates that every partition of a table has have one cause. */
function foldPartitions(redundant: readonly RedundantIndex[]): readonly (readonly RedundantIndex[])[] {
  return [
    ...groupBy(redundant, ({ index: { address, table, keys, predicate }, redundancy }) => {
      if (table.kind === 'view' || !table.partitionOf) return address
      return JSON.stringify([
        table.partitionOf.address,
        redundancy,
        keys.map(({ expression }) => expression),
        predicate,
      ])
    }).values(),
  ]
}
