import { afterReview, enableForeignKey, rule } from '../../src/kit.js'

export default rule({
  severity: 'error',
  impact: 'high',
  docs: {
    summary: 'Enable the triggers that keep a foreign key.',
    why: 'DISABLE TRIGGER ALL, mostly left from an import, also disables the triggers by which PostgreSQL keeps foreign keys. The key still stands in every description of the table, and lets through rows that reference nothing.',
    bad: 'create table customer (id bigint primary key); create table invoice (id bigint primary key, customer_id bigint references customer); create index on invoice (customer_id); alter table invoice disable trigger all;',
    good: 'create table customer (id bigint primary key); create table invoice (id bigint primary key, customer_id bigint references customer); create index on invoice (customer_id);',
    references: [
      'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-TRIGGER',
    ],
  },
  needs: ['catalog'],
  complexity: 'medium',

  *detect({ catalog }) {
    for (const foreignKey of catalog.foreignKeys()) {
      const { triggersDisabled, table, inherited, enforced, referencedTable } = foreignKey
      if (!triggersDisabled || !enforced || (inherited && table.partitionOf)) continue
      yield { on: foreignKey, facts: { referenced: referencedTable.address } }
    }
  },

  message: ({ on, facts: { referenced } }) =>
    `${on} is not kept: its triggers are disabled, so rows of ${on.table} may reference rows of ${referenced} that are not there.`,

  advice: ({ on, facts: { referenced } }) =>
    `Look for rows of ${on.table} without their row of ${referenced}, then enable all triggers of both tables: ENABLE TRIGGER ALL. Rows that came in meanwhile are not looked at again; only dropping the key and adding it anew does that.`,

  fix: ({ on }) =>
    afterReview(
      `Were the triggers of ${on.name} disabled for an import that is over? Enabling them takes a superuser, and rows that came in meanwhile are only counted.`,
      enableForeignKey(on),
    ),
})
