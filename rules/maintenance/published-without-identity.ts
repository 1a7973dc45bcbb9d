import {
  afterReview,
  type Detection,
  type Index,
  quoteIdentifier,
  quoteRelation,
  rule,
  statement,
  type Table,
} from '../../src/kit.js'

export default rule({
  severity: 'error',
  impact: 'high',
  docs: {
    summary: 'Give a published table a replica identity.',
    why: 'Where a subscriber could not tell which row is meant, PostgreSQL refuses every UPDATE and DELETE of the table, from the moment on that it is published.',
    bad: 'create table event (at timestamptz not null, kind text); create publication all_changes for table event;',
    good: 'create table event (id bigint primary key, at timestamptz not null, kind text); create publication all_changes for table event;',
    unless: 'Rows are only ever inserted.',
    references: ['https://www.postgresql.org/docs/current/logical-replication-publication.html'],
  },
  needs: ['catalog'],

  *detect({
    catalog,
  }): Iterable<Detection<Table, { publications: readonly string[]; identity: string; index: string | null }>> {
    for (const table of catalog.tables) {
      if (table.variety !== 'ordinary' || table.persistence !== 'permanent' || isIdentified(table)) continue
      const publications = [...new Set(publicationsOf(table))]
      if (publications.length === 0) continue
      // The parent's finding says it where the partition says nothing of its own.
      if (table.partitionOf && table.replicaIdentity === 'default') continue
      yield { on: table, facts: { publications, identity: table.replicaIdentity, index: keyOf(table)?.name ?? null } }
    }
    for (const table of catalog.tables) {
      if (table.variety !== 'partitioned' || table.partitionOf || table.primaryKey) continue
      const leaves = leavesOf(table).filter((leaf) => !isIdentified(leaf) && leaf.replicaIdentity === 'default')
      const publications = [...new Set(leaves.flatMap(publicationsOf))]
      if (publications.length === 0) continue
      yield { on: table, related: leaves, facts: { publications, identity: table.replicaIdentity, index: null } }
    }
  },

  message: ({ on, facts: { publications, identity } }) =>
    `${on} is published by ${publications.join(', ')}, but has ${identity === 'nothing' ? 'REPLICA IDENTITY NOTHING' : identity === 'index' ? 'lost the index that identifies its rows' : 'no primary key'}: each update and delete of it fails.`,

  advice: ({ facts: { index } }) =>
    index === null
      ? 'Give the table a primary key. Until then REPLICA IDENTITY FULL lets updates through, and sends whole rows.'
      : `Let ${index} identify the rows: it is unique and never null.`,

  fix: ({ on, facts: { identity, index } }) => {
    if (on.variety === 'partitioned' || identity === 'index') return []
    const alter = `alter table ${quoteRelation(on)} replica identity`
    const step = (to: string) => statement(`${alter} ${to}`, `${alter} ${identity}`, { lock: 'ACCESS EXCLUSIVE' })
    return index === null
      ? afterReview(`Can ${on} have a primary key instead? The step sends whole rows to subscribers.`, [step('full')])
      : [step(`using index ${quoteIdentifier(index)}`)]
  },
})

function isIdentified({ replicaIdentity, primaryKey, indexes }: Table): boolean {
  switch (replicaIdentity) {
    case 'full':
      return true
    case 'nothing':
      return false
    case 'index':
      return indexes.some(({ isReplicaIdentity, valid }) => isReplicaIdentity && valid)
    case 'default':
      return primaryKey !== null
  }
}

function publicationsOf(table: Table): readonly string[] {
  return [...table.publications, ...(table.partitionOf ? publicationsOf(table.partitionOf) : [])]
}

function leavesOf(table: Table): readonly Table[] {
  return table.partitions.flatMap((partition) =>
    partition.variety === 'partitioned' ? leavesOf(partition) : partition.variety === 'ordinary' ? [partition] : [],
  )
}

/** An index that PostgreSQL takes as a replica identity. */
function keyOf({ primaryKey, indexes }: Table): Index | undefined {
  const mayIdentify = ({ unique, valid, predicate, keys, constraint, method }: Index) =>
    unique &&
    valid &&
    method === 'btree' &&
    predicate === null &&
    constraint?.deferrable !== true &&
    keys.every(({ column }) => column?.notNull === true)
  return primaryKey?.index ?? indexes.find(mayIdentify)
}
