import { addressOf, rule, triggerSwitchesOf } from '../../src/kit.js'
import type { TriggerSwitch } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Switch triggers on again in the migration that switched them off.',
    why: 'Until then nothing keeps what they keep: totals, audit records, and with DISABLE TRIGGER ALL foreign keys. Rows that come meanwhile are never checked.',
    bad: 'create table invoice (id bigint primary key);\n-- migration\nalter table invoice disable trigger all;\nupdate invoice set id = id where id = 1;',
    good: 'create table invoice (id bigint primary key);\n-- migration\nalter table invoice disable trigger all;\nupdate invoice set id = id where id = 1;\nalter table invoice enable trigger all;',
    unless: 'The trigger is retired, and dropped in a later release.',
    references: [
      'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-TRIGGER',
    ],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    const switched = [...migrations.statements()].flatMap((statement) =>
      triggerSwitchesOf(statement, migrations).map((one) => ({ statement, one })),
    )
    for (const [at, { statement, one }] of switched.entries()) {
      if (one.on || switched.slice(at + 1).some((later) => isUndoing(later.one, one))) continue
      const dropped = [...migrations.statements()].some((later) =>
        later.dropped.some(({ type, identity }) => type === 'trigger' && identity.startsWith(`${one.trigger} on `)),
      )
      if (dropped) continue
      yield {
        on: statement.about(one.relation),
        facts: { table: addressOf(one.relation), which: one.which, trigger: one.trigger },
        assessment: { tier: statement.basis, ...(one.which === 'one' ? { severity: 'info' } : {}) },
      }
    }
  },

  message: ({ facts: { table, which, trigger } }) => {
    const what =
      which === 'one'
        ? `The trigger ${trigger}`
        : which === 'user'
          ? 'Every trigger'
          : 'Every trigger, with those of foreign keys,'
    return `${what} of ${table} is switched off and not on again.`
  },
})

function isUndoing(later: TriggerSwitch, one: TriggerSwitch): boolean {
  const same = addressOf(later.relation) === addressOf(one.relation)
  const covers =
    later.which === 'all' ||
    (later.which === 'user' && one.which !== 'all') ||
    (later.which === 'one' && later.trigger === one.trigger)
  return later.on && same && covers
}
