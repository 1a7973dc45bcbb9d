import {
  addGuard,
  afterReview,
  type Catalog,
  type Column,
  finalAmong,
  holdsOneOf,
  quoteIdentifier,
  ownRolesOf,
  rule,
  statesOf,
} from '../../src/kit.js'

const STATES = ['invoice states', 'subscription states', 'payment states'] as const

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.6,
  aboutMoney: true,
  complexity: 'medium',
  docs: {
    summary: 'Let a trigger keep what has ended from coming back to life.',
    why: 'A webhook that arrives late, or a job that runs twice, sets a refunded payment back to succeeded and a void invoice back to open, and it is collected again. A CHECK sees the new row alone; only a trigger sees what the row was.',
    bad: `create table invoice (id bigint primary key, number text not null unique, status text not null default 'open' check (status in ('open', 'paid', 'void')), due_date date not null, currency char(3) not null, total numeric(12, 2) not null);`,
    good: `create table invoice (id bigint primary key, number text not null unique, status text not null default 'open' check (status in ('open', 'paid', 'void')), due_date date not null, currency char(3) not null, total numeric(12, 2) not null);
      create function keep_status() returns trigger language plpgsql as $$ begin raise 'status'; end $$;
      create trigger keep_status before update of status on invoice for each row when (old.status = 'void' and new.status <> old.status) execute function keep_status();`,
    unless: 'What has ended may be reopened, as a canceled subscription in some houses.',
    references: ['https://www.postgresql.org/docs/current/sql-createtrigger.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const open = openOf(catalog)
    const [first] = open
    if (!first) return
    yield {
      on: first.status,
      related: open.slice(1).map(({ status }) => status),
      facts: { statuses: open.map(({ status, values }) => ({ status: status.address, values: [...values] })) },
    }
  },

  message: ({ facts: { statuses } }) =>
    `${statuses.map(({ status, values }) => `${status} may leave ${values.join(', ')}`).join('; ')}, and nothing refuses it.`,

  advice: () =>
    'Write down which status may follow which, as a table of pairs where there are many, and let a trigger refuse the rest.',

  fix: ({ catalog }) => {
    const { functions } = catalog
    const open = openOf(catalog)
    return afterReview(
      `Does nothing lead out of ${open.map(({ status, values }) => `${values.join(', ')} of ${status}`).join(', or of ')}?`,
      open.flatMap(({ status, values }) => {
        const { table } = status
        const column = quoteIdentifier(status.name)
        return addGuard({
          schema: table.schema,
          name: [table.name, status.name, 'final'],
          taken: new Set(functions.map(({ name }) => name)),
          body: [
            `raise exception 'nothing leads from % to %', old.${column}, new.${column} using errcode = 'check_violation';`,
          ],
          triggers: [
            {
              table,
              timing: 'before',
              events: `update of ${column}`,
              when: `${holdsOneOf(status, values, 'old')} and new.${column} is distinct from old.${column}`,
            },
          ],
        })
      }),
    )
  },
})

/** Statuses of documents with states that end them, which no trigger watches. */
function openOf(catalog: Catalog): readonly { readonly status: Column; readonly values: readonly string[] }[] {
  const roles = ownRolesOf(catalog)
  return roles.tablesIn('invoice', 'payment', 'credit', 'subscription').flatMap((table) => {
    if (table.partitionOf || table.variety !== 'ordinary') return []
    const status = STATES.flatMap((feature) => roles.columnsOf(table, feature))[0]
    const values = status ? statesOf(status, catalog) : []
    const final = finalAmong(values)
    const watched = table.triggers.some(
      ({ events, function: routine, definition }) =>
        events.includes('update') &&
        (routine?.source === null || mentions(`${routine?.source ?? ''} ${definition}`, status)),
    )
    return status && !status.generated && final.length > 0 && final.length < values.length && !watched
      ? [{ status, values: final }]
      : []
  })
}

function mentions(text: string, status: Column | undefined): boolean {
  return status !== undefined && text.toLowerCase().includes(status.name.toLowerCase())
}
