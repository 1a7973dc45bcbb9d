import {
  addGuard,
  afterReview,
  amountOf,
  type Catalog,
  type Column,
  type Link,
  netOf,
  quoteIdentifier,
  quoteLiteral,
  quoteRelation,
  ownRolesOf,
  rule,
  type Table,
} from '../../src/kit.js'

/** An invoice's column that its lines add up to. */
interface Sum {
  readonly whole: Column
  readonly part: Column
  readonly link: Link
}

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.6,
  impact: 'medium',
  aboutMoney: true,
  complexity: 'medium',
  docs: {
    summary:
      'Let a deferred constraint trigger, or a view that is looked at, compare an invoice with the sum of its lines.',
    why: 'The customer adds up the lines. Where the total is written apart from them, a line that is corrected later, or a job that stops half-way, leaves an invoice that contradicts itself.',
    bad: `create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, subtotal numeric(12, 2) not null, tax numeric(12, 2) not null, total numeric(12, 2) not null);
      create table invoice_line (id bigint primary key, invoice_id bigint not null references invoice, description text not null, quantity integer not null, unit_price numeric(12, 4) not null, amount numeric(12, 2) not null);`,
    good: `create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, subtotal numeric(12, 2) not null, tax numeric(12, 2) not null, total numeric(12, 2) not null);
      create table invoice_line (id bigint primary key, invoice_id bigint not null references invoice, description text not null, quantity integer not null, unit_price numeric(12, 4) not null, amount numeric(12, 2) not null);
      create function compare() returns trigger language plpgsql as $$ begin if (select sum(amount) from invoice_line where invoice_id = new.invoice_id) <> (select subtotal from invoice where id = new.invoice_id) then raise 'lines'; end if; return null; end $$;
      create constraint trigger compare after insert or update on invoice_line deferrable initially deferred for each row execute function compare();`,
    unless: 'The total holds what no line says, such as a minimum or a rounding.',
    references: [
      'https://www.postgresql.org/docs/current/sql-createtrigger.html',
      'https://www.postgresql.org/docs/current/sql-set-constraints.html',
    ],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of ownRolesOf(catalog).tablesIn('invoice')) {
      const sum = sumOf(table, catalog)
      if (!sum) continue
      const { whole, part } = sum
      yield { on: whole, related: [part], facts: { whole: whole.name, part: part.address } }
    }
  },

  message: ({ on, facts: { part } }) => `${on} is written apart from ${part}, of which it seems to be the sum.`,

  advice: ({ on, facts: { part } }) =>
    `Compare ${on} with the sum of ${part} in a constraint trigger that waits for the commit, so that lines and total can be written in any order; or at least in a view of the rows that differ, which a job looks at every night.`,

  fix: ({ on, catalog }) => {
    const sum = sumOf(on.table, catalog)
    return sum
      ? afterReview(
          `Is ${on} always the sum of ${sum.part}, also for drafts and for invoices without lines, and rounded line by line?`,
          guardSum(sum, catalog),
        )
      : []
  },
})

function sumOf(table: Table, catalog: Catalog): Sum | null {
  if (table.partitionOf || table.variety !== 'ordinary') return null
  const roles = ownRolesOf(catalog)
  const lines = roles
    .linksTo(table)
    .filter(({ from, source }) => roles.of(from)?.role === 'invoice line' && source === 'declared')
  const [link, ...more] = lines
  const [foreign] = link?.columns ?? []
  if (!link || more.length > 0 || link.columns.length !== 1 || !foreign?.notNull || link.from.variety !== 'ordinary')
    return null
  const [whole, part] = [netOf(table), amountOf(link.from)]
  if (!whole || !part || whole.generated || whole.type.name !== part.type.name || whole.type.scale !== part.type.scale)
    return null
  const watched = (owner: Table, other: Table) =>
    owner.triggers.some(({ function: routine }) => {
      const source = routine?.source?.toLowerCase()
      return source === undefined || source.includes(other.name.toLowerCase())
    })
  return watched(table, link.from) || watched(link.from, table) ? null : { whole, part, link }
}

function guardSum({ whole, part, link }: Sum, { functions }: Catalog) {
  const [foreign] = link.columns
  const key = link.to.primaryKey?.columns[0]
  if (!foreign || !key || link.to.primaryKey?.columns.length !== 1) return []
  const [document, lines] = [quoteRelation(link.to), quoteRelation(link.from)]
  const [total, amount, reference, id] = [whole, part, foreign, key].map(({ name }) => quoteIdentifier(name))
  const sum = (of: string) => `(select coalesce(sum(l.${amount}), 0) from ${lines} as l where l.${reference} = ${of})`
  return addGuard({
    schema: link.to.schema,
    name: [link.to.name, whole.name, 'lines'],
    taken: new Set(functions.map(({ name }) => name)),
    declare: [
      `document_key ${document}.${id}%type;`,
      `keys ${foreign.type.sql}[];`,
      'stated numeric;',
      'added numeric;',
    ],
    body: [
      `if tg_argv[0] = 'document' then\n  keys := array[new.${id}];\nelsif tg_op = 'INSERT' then\n  keys := array[new.${reference}];\nelsif tg_op = 'DELETE' then\n  keys := array[old.${reference}];\nelse\n  keys := array[old.${reference}, new.${reference}];\nend if;`,
      `foreach document_key in array keys loop\n  select d.${total}, ${sum(`d.${id}`)} into stated, added from ${document} as d where d.${id} = document_key;\n  if stated <> added then\n    raise exception '% % says %, and its lines add up to %', ${quoteLiteral(link.to.name)}, document_key, stated, added using errcode = 'check_violation';\n  end if;\nend loop;`,
      'return null;',
    ],
    triggers: [
      { table: link.to, timing: 'after', events: `insert or update of ${total}`, deferred: true, argument: 'document' },
      {
        table: link.from,
        timing: 'after',
        events: `insert or delete or update of ${reference}, ${amount}`,
        deferred: true,
      },
    ],
    precheck: `select count(*) from ${document} as d where d.${total} <> ${sum(`d.${id}`)}`,
  })
}
