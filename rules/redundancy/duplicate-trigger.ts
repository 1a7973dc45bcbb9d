import { quoteIdentifier, quoteRelation, rule, statement, type Trigger } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Let a trigger stand once.',
    why: 'The function runs twice for each row: audit lines double, counters count twice, and at best the time is wasted.',
    bad: `create table invoice (id bigint primary key, updated_at timestamptz);
      create function touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
      create trigger touch before update on invoice for each row execute function touch();
      create trigger set_updated_at before update on invoice for each row execute function touch();`,
    good: `create table invoice (id bigint primary key, updated_at timestamptz);
      create function touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;
      create trigger touch before update on invoice for each row execute function touch();`,
    references: ['https://www.postgresql.org/docs/current/sql-createtrigger.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const kept = new Map<string, Trigger>()
      for (const trigger of table.triggers.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        if (trigger.enabled === 'disabled') continue
        const what = `${trigger.enabled} ${withoutName(trigger)}`
        const same = kept.get(what)
        if (!same) kept.set(what, trigger)
        else if (!trigger.inherited)
          yield { on: trigger, related: [same], facts: { kept: same.name, function: trigger.functionName } }
      }
    }
  },

  message: ({ on, facts: { kept, function: name } }) => `${on} runs ${name} a second time, after ${kept}.`,

  advice: ({ on, facts: { kept } }) => `Drop ${on.name}; ${kept} stays.`,

  fix: ({ on }) =>
    on.enabled === 'origin'
      ? [
          statement(`drop trigger ${quoteIdentifier(on.name)} on ${quoteRelation(on.table)}`, on.definition, {
            phase: 'contract',
            lock: 'ACCESS EXCLUSIVE',
          }),
        ]
      : [],
})

/** `CREATE TRIGGER name …` without the name. */
function withoutName({ definition }: Trigger): string {
  return definition.replace(/^(CREATE (?:CONSTRAINT )?TRIGGER )(?:"(?:[^"]|"")+"|\S+)/, '$1')
}
