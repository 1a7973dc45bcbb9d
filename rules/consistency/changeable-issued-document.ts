import {
  addGuard,
  afterReview,
  type Catalog,
  type Column,
  draftsAmong,
  holdsOneOf,
  playersOf,
  quoteIdentifier,
  ownRolesOf,
  rule,
  statesOf,
  type Table,
} from '../../src/kit.js'

/** Amounts that are settled after the document was sent. */
const SETTLED = new Set<string>(['paid', 'due', 'remaining', 'adjustment', 'balance', 'used'])

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.65,
  impact: 'medium',
  aboutMoney: true,
  complexity: 'medium',
  docs: {
    summary: 'Let a trigger refuse to change or delete an invoice that was issued.',
    why: 'The customer, the books and the tax office have the invoice as it was sent. A corrected total in the row, instead of a credit note beside it, makes the database the only one that says otherwise, and nothing tells what it said before.',
    bad: `create table invoice (id bigint primary key, number text not null unique, status text not null default 'draft' check (status in ('draft', 'issued', 'paid', 'void')), due_date date not null, currency char(3) not null, total numeric(12, 2) not null);`,
    good: `create table invoice (id bigint primary key, number text not null unique, status text not null default 'draft' check (status in ('draft', 'issued', 'paid', 'void')), due_date date not null, currency char(3) not null, total numeric(12, 2) not null);
      create function keep_issued() returns trigger language plpgsql as $$ begin if (new.number, new.total, new.currency) is distinct from (old.number, old.total, old.currency) then raise 'issued'; end if; return new; end $$;
      create trigger keep_issued before update on invoice for each row when (old.status <> 'draft') execute function keep_issued();`,
    unless: 'Issued documents are kept elsewhere, as files that nobody can change.',
    references: [
      'https://www.postgresql.org/docs/current/plpgsql-trigger.html',
      'https://www.postgresql.org/docs/current/sql-createtrigger.html',
    ],
  },
  needs: ['catalog'],
  // A guard on one table leaves the others of a finding on several.
  reveals: ['consistency/reopened-status'],

  *detect({ catalog }) {
    for (const table of ownRolesOf(catalog).tablesIn('invoice')) {
      if (table.partitionOf || table.variety !== 'ordinary') continue
      const issued = issuedWhen(table, catalog)
      const frozen = frozenOf(table, catalog)
      if (!issued || frozen.length < 2 || isGuarded(table)) continue
      yield {
        on: table,
        related: frozen,
        facts: { issued: issued.words, when: issued.sql, frozen: frozen.map(({ name }) => name) },
      }
    }
  },

  message: ({ on, facts: { issued, frozen } }) =>
    `${on} lets ${frozen.join(', ')} be changed, and the row deleted, when ${issued}.`,

  advice: ({ facts: { issued } }) =>
    `Add a trigger that refuses it when ${issued}, and correct by a credit note. A trigger looks at one row and what it was, so no second session can slip past it.`,

  fix: ({ on, catalog: { functions }, facts: { when, issued, frozen } }) => {
    const columns = frozen.map(quoteIdentifier)
    const [after, before] = ['new', 'old'].map((row) => columns.map((column) => `${row}.${column}`).join(', '))
    return afterReview(
      `Is a row of ${on} issued when ${issued}, and may ${frozen.join(', ')} not change from then on?`,
      addGuard({
        schema: on.schema,
        name: [on.name, 'issued'],
        taken: new Set(functions.map(({ name }) => name)),
        body: [
          `if tg_op = 'DELETE' or (${after}) is distinct from (${before}) then\n  raise exception 'an issued document is not changed, it is corrected by another' using errcode = 'restrict_violation';\nend if;`,
          'return new;',
        ],
        triggers: [{ table: on, timing: 'before', events: 'update or delete', when }],
      }),
    )
  },
})

/** How a row tells that it was issued; null where it does not. */
function issuedWhen(table: Table, catalog: Catalog): { readonly sql: string; readonly words: string } | null {
  const [status] = ownRolesOf(catalog).columnsOf(table, 'invoice states')
  const values = status ? statesOf(status, catalog) : []
  const drafts = draftsAmong(values)
  if (status && drafts.length > 0 && drafts.length < values.length)
    return { sql: `not ${holdsOneOf(status, drafts, 'old')}`, words: `${status.name} is not ${drafts.join(' or ')}` }
  const at = table.columns.find(
    ({ name, type, notNull }) =>
      !notNull &&
      /^(?:date|timestamp(?:tz)?)$/.test(type.name) &&
      /^(?:finali[sz]ed|issued|posted|ausgestellt|emitid[oa]|emise)_?(?:at|on|am|em|en|le)?$/i.test(name),
  )
  return at ? { sql: `old.${quoteIdentifier(at.name)} is not null`, words: `${at.name} is set` } : null
}

/** What was said to the customer: number, parties, currency, amounts but those of settlement. */
function frozenOf(table: Table, catalog: Catalog): readonly Column[] {
  const roles = ownRolesOf(catalog)
  const owners = (['organization', 'customer'] as const).flatMap((role) => roles.linkTo(table, role)?.columns ?? [])
  const amounts = playersOf(table)
    .filter(({ part }) => !SETTLED.has(part))
    .map(({ column }) => column)
  const said = [
    ...roles.columnsOf(table, 'unique number'),
    ...roles.columnsOf(table, 'currency'),
    ...amounts,
    ...owners,
  ]
  return table.columns.filter((column) => said.includes(column) && column.generated === null)
}

/** A trigger before updates that can refuse, or one that nobody can read. */
function isGuarded({ triggers }: Table): boolean {
  return triggers.some(
    ({ timing, events, forEach, enabled, function: routine }) =>
      timing === 'before' &&
      events.includes('update') &&
      forEach === 'row' &&
      enabled !== 'disabled' &&
      (routine?.source ? /\braise\b|return\s+(?:old|null)\b/i.test(routine.source) : true),
  )
}
