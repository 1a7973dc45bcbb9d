import { alterPolicy, findRowFreeCalls, rule, type Catalog } from '../../src/kit.js'

export default rule({
  severity: 'info',
  docs: {
    summary: 'Put a function whose result is the same for every row into a scalar subquery.',
    why: 'A policy calls the function again for every row that is looked at; (select f()) is evaluated once for a query.',
    bad: "create function tenant() returns bigint language plpgsql stable as $$ begin return current_setting('app.tenant')::bigint; end $$; create table note (id bigint primary key, tenant_id bigint not null); alter table note enable row level security; create policy own on note using (tenant_id = tenant());",
    good: "create function tenant() returns bigint language plpgsql stable as $$ begin return current_setting('app.tenant')::bigint; end $$; create table note (id bigint primary key, tenant_id bigint not null); alter table note enable row level security; create policy own on note using (tenant_id = (select tenant()));",
    references: ['https://supabase.com/docs/guides/database/postgres/row-level-security#call-functions-with-select'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const functions = slowFunctions(catalog)
    for (const table of catalog.tables) {
      if (!table.rowSecurity) continue
      const bare = table.policies.filter((policy) =>
        [policy.using, policy.withCheck].some((text) => slowCalls(text, functions).length > 0),
      )
      if (bare.length === 0) continue
      const called = bare.flatMap(({ using, withCheck }) =>
        [using, withCheck].flatMap((text) => slowCalls(text, functions).map((call) => call.function)),
      )
      yield {
        on: table,
        related: bare,
        facts: { policies: bare.map(({ name }) => name), functions: [...new Set(called)] },
      }
    }
  },

  message: ({ on, facts: { policies, functions } }) =>
    `${policies.join(', ')} on ${on} ${policies.length === 1 ? 'calls' : 'call'} ${functions.map((name) => `${name}()`).join(', ')} for every row.`,

  fix: ({ on, facts }) => {
    const functions = new Set(facts.functions)
    const wrapped = (text: string | null) =>
      slowCalls(text, functions).length > 0 ? wrap(text ?? '', functions) : null
    return on.policies
      .filter(({ name }) => facts.policies.includes(name))
      .flatMap((policy) => alterPolicy(policy, wrapped(policy.using), wrapped(policy.withCheck)))
  },
})

/** The user's own functions whose result may not change within a query, but is not computed ahead of it either. */
function slowFunctions(catalog: Catalog): ReadonlySet<string> {
  const slow = catalog.functions.filter(
    ({ variety, volatility, returns }) =>
      variety === 'function' && volatility === 'stable' && returns !== null && !/^(SETOF|TABLE)\b/.test(returns),
  )
  const others = new Set(
    catalog.functions.filter((routine) => !slow.includes(routine)).map(({ schema, name }) => `${schema.name}.${name}`),
  )
  return new Set(slow.map(({ schema, name }) => `${schema.name}.${name}`).filter((name) => !others.has(name)))
}

function slowCalls(text: string | null, functions: ReadonlySet<string>) {
  return text === null ? [] : findRowFreeCalls(text).filter((call) => functions.has(call.function))
}

function wrap(text: string, functions: ReadonlySet<string>): string {
  return slowCalls(text, functions)
    .toSorted((a, b) => b.start - a.start)
    .reduce((sql, { start, end }) => `${sql.slice(0, start)}(select ${sql.slice(start, end)})${sql.slice(end)}`, text)
}
