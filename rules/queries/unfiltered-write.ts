import { at, bindWorkload, type Block, identify, list, type Node, rule } from '../../src/kit.js'

export default rule({
  severity: 'error',
  confidence: 0.9,
  docs: {
    summary: 'Say in WHERE which rows to change or delete.',
    why: 'Without a condition every row of the table is changed or deleted, and stays locked until the transaction ends.',
    bad: `create table invoice (id bigint primary key, status text not null);
-- workload
update invoice set status = 'void';`,
    good: `create table invoice (id bigint primary key, status text not null);
-- workload
update invoice set status = 'void' where id = $1;`,
    unless: 'Every row is meant: then TRUNCATE, or batches by key, lock less.',
    references: ['https://www.postgresql.org/docs/current/dml-update.html'],
  },
  needs: ['catalog', 'workload'],

  *detect({ catalog, workload }) {
    for (const { bound, about } of bindWorkload(workload, catalog)) {
      const block = bound.blocks.find(changesAll)
      const table = block?.target?.table
      if (block && table && !isPassing(table.name, table.persistence))
        yield { on: about(table), facts: { command: block.command } }
    }
  },

  message: ({ on, facts: { command } }) =>
    `${on} ${command === 'delete' ? 'deletes' : 'changes'} every row of ${on.relation?.name}: no condition chooses any.`,
})

function changesAll({ command, node, relations, target }: Block): boolean {
  if (command !== 'update' && command !== 'delete') return false
  // Rows of another relation choose them.
  if (relations.some((relation) => relation !== target)) return false
  const where = node['whereClause']
  return !where || isAlwaysTrue(where)
}

/** `true`, `1 = 1`. */
function isAlwaysTrue(where: unknown): boolean {
  if (at(where, 'A_Const', 'boolval', 'boolval') === true) return true
  const node = at(where, 'A_Expr') as Node | undefined
  if (!node || at(list(node['name']).at(-1), 'String', 'sval') !== '=') return false
  return at(node['lexpr'], 'A_Const') !== undefined && identify(node['lexpr']) === identify(node['rexpr'])
}

/** A table whose rows are not kept. */
function isPassing(name: string, persistence: string): boolean {
  return persistence !== 'permanent' || /(?:^|_)(?:tmp|temp|staging|stage|cache|queue)(?:_|$)/.test(name)
}
