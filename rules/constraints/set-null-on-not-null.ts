import { afterReview, type ForeignKey, quoteIdentifier, quoteRelation, rule, statement } from '../../src/kit.js'

export default rule({
  severity: 'error',
  docs: {
    summary: 'Let a foreign key restrict or cascade where its column cannot be null.',
    why: 'SET NULL on a NOT NULL column fails each time it acts: the delete of the referenced row is refused with a not-null violation that names another table than the one in the statement.',
    bad: 'create table account (id bigint primary key); create table payment (id bigint primary key, account_id bigint not null references account on delete set null);',
    good: 'create table account (id bigint primary key); create table payment (id bigint primary key, account_id bigint not null references account on delete restrict);',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const foreignKey of catalog.foreignKeys()) {
      const { table, onDelete, onUpdate, columns, onDeleteSetColumns } = foreignKey
      if (table.partitionOf || foreignKey.inherited) continue
      const deleted = emptied(onDelete, onDeleteSetColumns.length > 0 ? onDeleteSetColumns : columns)
      const updated = emptied(onUpdate, columns)
      const emptiedColumns = [...new Set([...deleted, ...updated])]
      if (emptiedColumns.length === 0) continue
      yield {
        on: foreignKey,
        related: emptiedColumns,
        facts: {
          columns: emptiedColumns.map(({ name }) => name),
          referenced: foreignKey.referencedTable.address,
          onDelete: deleted.length > 0 ? onDelete : null,
          onUpdate: updated.length > 0 ? onUpdate : null,
        },
      }
    }
  },

  message: ({ on, facts: { columns, referenced, onDelete, onUpdate } }) => {
    const actions = [
      onDelete && `ON DELETE ${onDelete.toUpperCase()}`,
      onUpdate && `ON UPDATE ${onUpdate.toUpperCase()}`,
    ]
    return `${on} says ${actions.filter(Boolean).join(' and ')}, but ${columns.join(', ')} cannot be null, so ${onDelete ? 'deleting from' : 'changing a key of'} ${referenced} fails.`
  },

  advice: ({ on, facts: { columns, onDelete } }) =>
    onDelete
      ? `Either rows of ${on.table} must go first (ON DELETE RESTRICT, as in the steps), or they go along (CASCADE), or they may outlive what they point to (drop NOT NULL from ${columns.join(', ')}).`
      : `Let a changed key reach ${on.table}: ON UPDATE CASCADE.`,

  fix: ({ on, facts: { onDelete, onUpdate } }) => {
    const changed = on.definition
      .replace(onDelete ? / ON DELETE SET (?:NULL|DEFAULT)(?: \([^)]*\))?/ : /$^/, ' ON DELETE RESTRICT')
      .replace(onUpdate ? / ON UPDATE SET (?:NULL|DEFAULT)/ : /$^/, ' ON UPDATE CASCADE')
    return afterReview(
      onDelete
        ? `May a row of ${on.referencedTable} be deleted while ${on.table} still points to it? The steps say no.`
        : `Shall a changed key of ${on.referencedTable} be written to ${on.table}? The steps say yes.`,
      replaceForeignKey(on, changed),
    )
  },
})

function emptied(action: ForeignKey['onDelete'], columns: ForeignKey['columns']): ForeignKey['columns'] {
  if (action === 'set null') return columns.filter(({ notNull }) => notNull)
  return action === 'set default' ? columns.filter((column) => column.notNull && column.default === null) : []
}

/** Puts another definition in a key's place, under its name, and validates it apart where PostgreSQL can. */
function replaceForeignKey(foreignKey: ForeignKey, definition: string) {
  const alter = `alter table ${quoteRelation(foreignKey.table)}`
  const name = quoteIdentifier(foreignKey.name)
  const exchange = (to: string) => `${alter} drop constraint ${name}, add constraint ${name} ${to}`
  const undo = exchange(foreignKey.definition)
  const lock = { lock: 'ACCESS EXCLUSIVE', scans: true } as const
  if (foreignKey.table.variety === 'partitioned') return [statement(exchange(definition), undo, lock)]
  const unvalidated = definition.replace(/ NOT VALID$/, '')
  return [
    statement(exchange(`${unvalidated} not valid`), undo, { lock: 'ACCESS EXCLUSIVE' }),
    statement(`${alter} validate constraint ${name}`, null, {
      phase: 'validate',
      lock: 'SHARE UPDATE EXCLUSIVE',
      scans: true,
    }),
  ]
}
