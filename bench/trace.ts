import { createRandom } from '../src/fix/queries/random.js'

/** What the traced application keeps. `device_reading.device_id` references without saying so. */
export const TRACE_SCHEMA = `
create table organization (id bigint primary key, name text not null);
create table customer (id bigint primary key, organization_id bigint not null references organization, email text not null, name text not null);
create unique index on customer (email);
create index on customer (organization_id);
create table plan (code text primary key, title text not null);
create table subscription (id uuid primary key, customer_id bigint not null references customer, plan_code text not null references plan, ends_at timestamptz);
create index on subscription (customer_id);
create index on subscription (plan_code);
create table exchange_rate (currency char(3) primary key, rate numeric not null);
create table invoice (id bigint primary key, customer_id bigint not null references customer, currency char(3) not null references exchange_rate, issued date not null, total numeric(14, 2) not null);
create index on invoice (customer_id);
create index on invoice (currency);
create table invoice_line (id bigint primary key, invoice_id bigint not null references invoice, amount numeric(14, 2) not null, text text);
create index on invoice_line (invoice_id);
create table payment (id bigint primary key, invoice_id bigint not null references invoice, amount numeric(14, 2) not null);
create index on payment (invoice_id);
create table device (id bigint primary key, serial text not null);
create table device_reading (id bigint primary key, device_id bigint not null, value numeric not null, at timestamptz not null);
create index on device_reading (device_id, at);
create table category (id bigint primary key, parent_id bigint references category, title text not null);
create index on category (parent_id);
create table api_key (hash text primary key, organization_id bigint not null references organization);
create index on api_key (organization_id);
create table job (id bigint primary key, state text not null, payload jsonb, run_at timestamptz not null);
create index on job (state, run_at);
create table import_row (id bigint primary key, email text not null, done boolean not null);
create table audit_entry (id bigint primary key, invoice_id bigint not null, text text not null);
`

/** One statement that a client sends. */
export interface Sent {
  readonly sql: string
  readonly values: readonly (string | number)[]
  /** Milliseconds that the client waits before it. */
  readonly pause: number
}

export interface Scenario {
  readonly name: string
  /** Columns by which something is looked up once for each row of another query. */
  readonly loops: readonly string[]
  send(random: (below: number) => number): readonly Sent[]
}

const sent = (sql: string, values: Sent['values'] = [], pause = 2): Sent => ({ sql, values, pause })
const each = <T>(count: number, of: (at: number) => readonly T[]): readonly T[] =>
  Array.from({ length: count }, (_, at) => of(at)).flat()
const some = (random: (below: number) => number, least: number, most: number) => least + random(most - least)

/** What the application does: loops that are N+1, and what only looks like them. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'customer of each invoice of a list',
    loops: ['public.customer.id'],
    send: (random) => [
      sent('select id, customer_id, total from invoice where issued >= $1 order by issued desc limit 50', [
        '2026-01-01',
      ]),
      ...each(some(random, 20, 50), () => [sent('select id, name from customer where id = $1', [random(90_000)])]),
    ],
  },
  {
    name: 'lines and payments of each invoice',
    loops: ['public.invoice_line.invoice_id', 'public.payment.invoice_id'],
    send: (random) => [
      sent('select * from invoice where customer_id = $1', [random(900)]),
      ...each(some(random, 6, 30), () => {
        const id = random(90_000)
        return [
          sent('select amount, text from invoice_line where invoice_id = $1 order by id', [id]),
          sent('select sum(amount) from payment where invoice_id = $1', [id]),
        ]
      }),
    ],
  },
  {
    name: 'plan of each subscription, with three queries in a round',
    loops: ['public.plan.code', 'public.subscription.customer_id'],
    send: (random) => [
      sent('select id, email from customer where organization_id = $1', [random(500)]),
      ...each(some(random, 8, 25), () => [
        sent('select id, plan_code, ends_at from subscription where customer_id = $1', [random(90_000)]),
        sent('select title from plan where code = $1', [`plan-${random(9000)}`]),
      ]),
    ],
  },
  {
    name: 'device of each reading, whose reference nobody declared',
    loops: ['public.device.id'],
    send: (random) => [
      sent('select id, device_id, value from device_reading where at > $1 order by at limit 100', ['2026-02-01']),
      ...each(some(random, 30, 100), () => [sent('select serial from device where id = $1', [random(90_000)])]),
    ],
  },
  {
    name: 'sum of each customer, in a report',
    loops: ['public.invoice.customer_id'],
    send: (random) => [
      sent('select id, name from customer order by name limit 200'),
      ...each(some(random, 40, 200), () => [
        sent('select coalesce(sum(total), 0) from invoice where customer_id = $1', [random(90_000)], 8),
      ]),
    ],
  },
  {
    name: 'rate of each invoice, by the currency',
    loops: ['public.exchange_rate.currency'],
    send: (random) => [
      sent('select id, currency, total from invoice where total > $1', [100]),
      ...each(some(random, 6, 30), (at) => [
        sent('select rate from exchange_rate where currency = $1', [['EUR', 'USD', 'GBP'][at % 3]!]),
      ]),
    ],
  },
  {
    name: 'children of each category',
    loops: ['public.category.parent_id'],
    send: (random) => [
      sent('select id, title from category where parent_id is null'),
      ...each(some(random, 6, 12), () => [sent('select id, title from category where parent_id = $1', [random(9000)])]),
    ],
  },
  {
    name: 'organization of each key, behind a transaction and a SET',
    loops: ['public.organization.id'],
    send: (random) => [
      sent('begin'),
      sent('set local statement_timeout = 5000'),
      sent('select hash, organization_id from api_key limit 30'),
      ...each(some(random, 10, 30), () => [sent('select name from organization where id = $1', [random(9000)])]),
      sent('commit'),
    ],
  },
  {
    name: 'rows written one by one',
    loops: [],
    send: (random) => [
      sent('select id from invoice where issued = $1', ['2026-01-02']),
      ...each(some(random, 20, 90), () => [
        sent('insert into audit_entry (id, invoice_id, text) values ($1, $2, $3)', [random(9e6), random(9000), 'seen']),
      ]),
    ],
  },
  {
    name: 'a job that is looked at until it is done',
    loops: [],
    send: (random) => {
      const id = random(9000)
      return [
        sent('insert into job (id, state, run_at) values ($1, $2, now())', [id, 'ready']),
        ...each(some(random, 10, 40), () => [sent('select state from job where id = $1', [id], 50)]),
      ]
    },
  },
  {
    name: 'jobs that are asked for by the clock',
    loops: [],
    send: (random) =>
      each(some(random, 10, 20), (at) => [
        sent(
          'select id, payload from job where state = $1 and run_at < $2 limit 10',
          ['ready', `2026-01-01 00:${at}`],
          1500,
        ),
        sent('select name from organization where id = $1', [random(9000)], 1),
      ]),
  },
  {
    name: 'a queue worked off row by row',
    loops: [],
    send: (random) => [
      sent('select id from job where state = $1 limit 50', ['ready']),
      ...each(some(random, 10, 50), () => [
        sent('select payload from job where id = $1 for update skip locked', [random(9e6)]),
      ]),
    ],
  },
  {
    name: 'pages by offset',
    loops: [],
    send: (random) => [
      sent('select id, name from organization where id = $1', [random(9000)]),
      ...each(some(random, 8, 30), (at) => [
        sent('select id, total from invoice where customer_id = $1 order by id limit 50 offset $2', [7, at * 50]),
      ]),
    ],
  },
  {
    name: 'pages by the last key',
    loops: [],
    send: (random) => [
      sent('select id, name from customer where email = $1', [`${random(900)}@example.com`]),
      ...each(some(random, 8, 30), (at) => [
        sent('select id, total from invoice where customer_id = $1 and id > $2 order by id limit 50', [
          random(900),
          at * 50,
        ]),
      ]),
    ],
  },
  {
    name: 'one request after the other, each by its own key',
    loops: [],
    send: (random) =>
      each(some(random, 15, 40), () => [
        sent('select organization_id from api_key where hash = $1', [`h${random(9e6)}`], 1 + random(30)),
        sent('select id, name, email from customer where id = $1 and organization_id = $2', [
          random(90_000),
          random(900),
        ]),
      ]),
  },
  {
    name: 'a file that is read in, each line looked for by what it says',
    loops: [],
    send: (random) => [
      sent('select id, email from import_row where not done limit 100'),
      ...each(some(random, 20, 60), () => [
        sent('select 1 from customer where email = $1', [`${random(9e6)}@example.com`]),
      ]),
    ],
  },
  {
    name: 'all at once',
    loops: [],
    send: (random) =>
      each(some(random, 5, 9), () => [
        sent('select id, invoice_id from payment where amount > $1', [random(900)]),
        sent('select id, total from invoice where id = any($1)', [`{${random(9000)},${random(9000)}}`]),
      ]),
  },
  {
    name: 'tried again and again',
    loops: [],
    send: (random) => {
      const id = random(9000)
      return [
        sent('select id, customer_id from subscription where ends_at < $1', ['2026-01-01']),
        ...each(8, () => [sent('select email from customer where id = $1', [id], 20)]),
      ]
    },
  },
]

/** How the server and what stands before it write it down. */
export interface TraceForm {
  readonly name: string
  /** Values stand in the statement, in its DETAIL, or in no line. */
  readonly values: 'inline' | 'detail' | 'none'
  /** Clients that share a connection, statement by statement, as a pooler lets them. */
  readonly sharing: number
}

export const TRACE_FORMS: readonly TraceForm[] = [
  { name: 'prepared, values in DETAIL', values: 'detail', sharing: 1 },
  { name: 'simple, values in the statement', values: 'inline', sharing: 1 },
  { name: 'prepared, no values logged', values: 'none', sharing: 1 },
  { name: 'two clients on a connection', values: 'detail', sharing: 2 },
  { name: 'four clients on a connection', values: 'detail', sharing: 4 },
]

/** A server's log, with the prefix `%m [%p] %q%u@%d `, of clients that do what the scenarios say, each as often as there are rounds, all at the same time. */
export function writeTrace(
  { values, sharing }: TraceForm,
  scenarios: readonly Scenario[],
  rounds: number,
  seed: number,
): string {
  const next = createRandom(seed)
  const random = (below: number) => Math.floor(next() * below)
  const lines: { readonly time: number; readonly text: string }[] = []
  const clients = scenarios.flatMap((scenario) =>
    Array.from({ length: rounds }, () => ({ scenario, start: random(20_000) })),
  )
  const connections = Math.ceil(clients.length / sharing)
  for (const [place, { scenario, start }] of shuffled(clients, random).entries()) {
    const process = 1000 + (place % connections)
    let time = Date.UTC(2026, 0, 1) + (sharing === 1 ? start : random(20) + Math.floor(place / connections))
    for (const { sql, values: given, pause } of scenario.send(random)) {
      time += pause
      const duration = (0.1 + random(30) / 10).toFixed(3)
      const prefix = `${new Date(time).toISOString().replace('T', ' ').replace('Z', ' UTC')} [${process}] app@shop `
      const isPrepared = given.length > 0 && values !== 'inline'
      const text = isPrepared ? sql : sql.replace(/\$(\d+)/g, (_, number: string) => `'${given[Number(number) - 1]}'`)
      const detail = given.map((value, at) => `$${at + 1} = '${value}'`).join(', ')
      lines.push({
        time,
        text:
          `${prefix}LOG:  duration: ${duration} ms  ${isPrepared ? 'execute <unnamed>' : 'statement'}: ${text}\n` +
          (isPrepared && values === 'detail' ? `${prefix}DETAIL:  Parameters: ${detail}\n` : ''),
      })
    }
  }
  return lines
    .toSorted((a, b) => a.time - b.time)
    .map(({ text }) => text)
    .join('')
}

function shuffled<T>(items: readonly T[], random: (below: number) => number): readonly T[] {
  return items
    .map((item) => ({ item, key: random(1e9) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item)
}
