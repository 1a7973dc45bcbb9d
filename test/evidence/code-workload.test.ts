import { beforeAll, expect, it } from 'vitest'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { readCodeWorkload } from '../../src/evidence/workload/read-code.js'

beforeAll(loadParser)

const CODE = `
import { sql } from 'kysely'
const COLUMNS = 'id, total'
export const BY_NUMBER = 'select id from invoice where number = $1'

export async function invoicesOf(customer: string, limit = 20) {
  const { rows } = await pool.query(\`select \${COLUMNS} from invoice where customer_id = \${customer} limit $1\`, [limit])
  for (const invoice of rows) {
    const { id } = invoice
    invoice.lines = await pool.query('select amount from line ' + 'where invoice_id = $1', [id])
  }
  await Promise.all(rows.map(async (row) => db.any({ name: 'payments', text: 'select paid from payment where invoice_id = $1', values: [row.id] })))
  return rows
}

class Customers {
  find = (id: number) => sql<Row>\`select name from customer where id = \${id} and region = \${sql\`upper(\${region})\`}\`.execute(db)
  async poll() {
    while (true) {
      await this.db.query('select id from job limit 1')
      for (const page of [1, 2]) await this.db.query('select id from queue')
    }
  }
  async save(items: Item[]) {
    for (const item of items) await prisma.$executeRaw\`insert into item (name) values (\${item.name})\`
  }
}

await knex.raw('select * from invoice where state = ?', [state])
await pool.query(BY_NUMBER, ['7'])
await pool.query('select 1 from t where ' + conditions.join(' and '))
search.query('red shoes'); router.query('delete'); app.raw(\`Select an option\`)
`

it('finds the statements that code sends, where they stand, and the loops around them', () => {
  const { workload, notSeen } = readCodeWorkload(CODE, 'src/invoices.ts')
  expect(
    workload.queries.map(({ name, normalized, location }) => [name, normalized, location?.line, location?.column]),
  ).toEqual([
    ['invoicesOf', 'select id, total from invoice where customer_id = $2 limit $1', 7, 38],
    ['invoicesOf', 'select amount from line where invoice_id = $1', 10, 39],
    ['payments', 'select paid from payment where invoice_id = $1', 12, 79],
    ['find', 'select name from customer where id = $1 and region = upper($2)', 17, 35],
    ['poll', 'select id from job limit $1', 20, 28],
    ['poll', 'select id from queue', 21, 55],
    ['save', 'insert into item (name) values ($1)', 25, 56],
    [null, 'select * from invoice where state = $1', 29, 17],
    ['BY_NUMBER', 'select id from invoice where number = $1', 4, 27],
  ])
  const named = (fingerprint: string | null) => {
    const query = workload.queries.find((one) => one.fingerprint === fingerprint)
    return query ? `${query.name}:${query.location?.line}` : null
  }
  expect(workload.loops?.map(({ parent, child, location }) => [named(parent), named(child), location.line])).toEqual([
    ['invoicesOf:7', 'invoicesOf:10', 8],
    ['invoicesOf:10', 'payments:12', 12],
    [null, 'save:25', 25],
  ])
  expect(notSeen).toEqual([
    {
      what: '1 query of src/invoices.ts',
      reason: 'Its text is put together while the code runs; the first stands in line 31.',
    },
  ])
})
