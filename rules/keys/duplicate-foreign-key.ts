import { dropConstraint, type ForeignKey, rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Declare each reference once.',
    why: 'Every insert, update and delete checks both keys, each with its own triggers and row locks, and where their actions differ it is up to the order of their names which one acts.',
    bad: 'create table plan (id bigint primary key); create table price (id bigint primary key, plan_id bigint not null references plan, constraint price_plan foreign key (plan_id) references plan);',
    good: 'create table plan (id bigint primary key); create table price (id bigint primary key, plan_id bigint not null references plan, next_plan_id bigint references plan);',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf) continue
      const kept: ForeignKey[] = []
      for (const foreignKey of table.foreignKeys.toSorted(byRank)) {
        const same = kept.find((other) => mappingOf(other) === mappingOf(foreignKey))
        if (!same) kept.push(foreignKey)
        else if (!foreignKey.inherited)
          yield {
            on: foreignKey,
            related: [same],
            facts: {
              kept: same.name,
              referenced: foreignKey.referencedTable.address,
              behaviour: behaviourOf(foreignKey),
              keptBehaviour: behaviourOf(same),
            },
          }
      }
    }
  },

  message: ({ on, facts: { kept, behaviour, keptBehaviour } }) =>
    behaviour === keptBehaviour
      ? `${on} says the same as ${kept}.`
      : `${on} references what ${kept} references, but with ${behaviour} instead of ${keptBehaviour}.`,

  advice: ({ on, facts: { kept, behaviour, keptBehaviour } }) =>
    behaviour === keptBehaviour
      ? `Drop ${on.name}; ${kept} stays.`
      : `Decide which of the two is meant, and drop the other.`,

  fix: ({ on, facts: { behaviour, keptBehaviour } }) => (behaviour === keptBehaviour ? dropConstraint(on) : []),
})

/** Column → referenced column, whatever the order in which they are named. */
function mappingOf({ columns, referencedColumns, referencedTable }: ForeignKey): string {
  const pairs = columns.map(({ name }, at) => [name, referencedColumns[at]?.name ?? ''])
  return JSON.stringify([referencedTable.address, ...pairs.map((pair) => JSON.stringify(pair)).toSorted()])
}

function behaviourOf({
  onDelete,
  onUpdate,
  match,
  deferrable,
  initiallyDeferred,
  columns,
  onDeleteSetColumns,
}: ForeignKey) {
  const some = onDeleteSetColumns.length > 0 && onDeleteSetColumns.length < columns.length
  return [
    `ON DELETE ${onDelete.toUpperCase()}${some ? ` (${onDeleteSetColumns.map(({ name }) => name).join(', ')})` : ''}`,
    onUpdate === 'no action' ? '' : `ON UPDATE ${onUpdate.toUpperCase()}`,
    match === 'full' && columns.length > 1 ? 'MATCH FULL' : '',
    initiallyDeferred ? 'INITIALLY DEFERRED' : deferrable ? 'DEFERRABLE' : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** The key that stays comes first: enforced, validated, the parent's, the one with the name that PostgreSQL gives. */
function byRank(a: ForeignKey, b: ForeignKey): number {
  const rank = ({ enforced, validated, inherited, name, table, columns }: ForeignKey) => {
    const usual = name === [table.name, ...columns.map((column) => column.name), 'fkey'].join('_')
    return [enforced, validated, inherited, usual].map((good) => (good ? 0 : 1)).join('') + name
  }
  return rank(a) < rank(b) ? -1 : 1
}
