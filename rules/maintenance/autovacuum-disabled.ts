import { quoteRelation, rule, statement, type Table } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let autovacuum look after every table.',
    why: 'Without it dead rows are never reclaimed and statistics never renewed, so the table grows and its plans get worse; when transaction ids run low it is vacuumed all the same, at the worst moment.',
    bad: 'create table event (id bigint primary key) with (autovacuum_enabled = false);',
    good: 'create table event (id bigint primary key) with (autovacuum_vacuum_scale_factor = 0.02);',
    unless: 'A job vacuums and analyzes it on its own schedule.',
    references: ['https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const disabled = new Map<Table, Table[]>()
    for (const table of catalog.tables) {
      // What an unlogged table holds is filled and emptied by jobs.
      if (!isDisabled(table) || table.persistence === 'unlogged') continue
      const root = rootOf(table)
      disabled.set(root, [...(disabled.get(root) ?? []), table])
    }
    for (const [root, tables] of disabled) {
      const partitions = tables.filter((table) => table !== root)
      yield { on: root, related: partitions, facts: { partitions: partitions.length } }
    }
  },

  message: ({ on, facts: { partitions } }) =>
    `Autovacuum is switched off for ${partitions > 0 ? `${partitions} ${partitions === 1 ? 'partition' : 'partitions'} of ` : ''}${on}.`,

  fix: ({ on }) =>
    withPartitions(on)
      .filter(isDisabled)
      .map((table) =>
        statement(
          `alter table ${quoteRelation(table)} reset (autovacuum_enabled)`,
          `alter table ${quoteRelation(table)} set (autovacuum_enabled = ${table.options['autovacuum_enabled']})`,
          { lock: 'SHARE UPDATE EXCLUSIVE' },
        ),
      ),
})

function isDisabled({ options }: Table): boolean {
  return /^(?:f|fa|fal|fals|false|of|off|n|no|0)$/i.test(options['autovacuum_enabled'] ?? '')
}

function rootOf(table: Table): Table {
  return table.partitionOf ? rootOf(table.partitionOf) : table
}

function withPartitions(table: Table): readonly Table[] {
  return [table, ...table.partitions.flatMap(withPartitions)]
}
