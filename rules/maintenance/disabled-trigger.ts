import { afterReview, quoteIdentifier, quoteRelation, rule, statement } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Enable a disabled trigger, or drop it.',
    why: 'What the trigger keeps (a total, an audit trail, a check) has not been kept since somebody disabled it, mostly for an import, and nothing says so.',
    bad: 'create table note (id bigint primary key, changed_at timestamptz); create function touch() returns trigger language plpgsql as $$ begin new.changed_at := now(); return new; end $$; create trigger touch before update on note for each row execute function touch(); alter table note disable trigger touch;',
    good: 'create table note (id bigint primary key, changed_at timestamptz); create function touch() returns trigger language plpgsql as $$ begin new.changed_at := now(); return new; end $$; create trigger touch before update on note for each row execute function touch();',
    references: ['https://www.postgresql.org/docs/current/sql-altertable.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables)
      for (const trigger of table.triggers)
        if (trigger.enabled === 'disabled' && !trigger.inherited)
          yield { on: trigger, facts: { function: trigger.functionName } }
  },

  message: ({ on, facts }) => `The trigger ${on} is disabled: ${facts.function}() is not run.`,

  fix: ({ on }) => {
    const alter = `alter table ${quoteRelation(on.table)}`
    const name = quoteIdentifier(on.name)
    return afterReview(`Why was ${on} disabled? Rows that changed since were not seen by it.`, [
      statement(`${alter} enable trigger ${name}`, `${alter} disable trigger ${name}`, {
        phase: 'switch',
        lock: 'SHARE ROW EXCLUSIVE',
      }),
    ])
  },
})
