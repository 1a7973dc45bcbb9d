import { beforeAll, describe, expect, it } from 'vitest'
import { fileURLToPath } from 'node:url'
import { loadParser } from '../../src/evidence/catalog/expression.js'
import { numberPlaceholders } from '../../src/evidence/workload/placeholders.js'
import { parseQuery } from '../../src/evidence/workload/parse-query.js'
import { readWorkload, readWorkloadFiles } from '../../src/evidence/workload/read.js'

beforeAll(loadParser)

it('reads names, places and statements', () => {
  const { workload, notSeen } = readWorkload(
    `-- name: find_invoice :one
-- by number
select * from invoice where number = $1;
set work_mem = '1GB';
  select 1 from;
/* name: pay */ update invoice set paid = true where id = :id;`,
    'queries.sql',
  )
  expect(workload.queries.map(({ name, location }) => [name, location?.line, location?.column])).toEqual([
    ['find_invoice', 3, 1],
    ['pay', 6, 17],
  ])
  expect(workload.queries[0]).toMatchObject({ sql: 'select * from invoice where number = $1', measured: null })
  expect(notSeen).toEqual([{ what: 'query at queries.sql:5:3', reason: expect.stringContaining('syntax error') }])
})

describe('placeholders', () => {
  const understood = [
    'select * from a where id = $1',
    'select * from a where id = :id and b = :id::text',
    'select * from a where id = ? and b in (?, ?) limit ? offset ?',
    `select * from a where data ? 'key' and id = ?`,
    `select * from a where data ?| array[?, ?] and data @> ?`,
    'insert into a (x, y) values (%s, %(y)s)',
    `select * from a where b like '%%x' and c = %s`,
    'select * from a where id = @id',
    `select b[1:2], ':no', "?" from a where c = ':x' -- ?`,
    `select $$ ? :x $$, a::text from a where d = :d`,
    'select * from a where ts between ? and ? order by ts',
    'update a set b = ?, c = c + ? where d <> ?',
    `select * from a where data ->> ? = ?`,
    `select * from a where b = :'quoted'`,
    `prepare p (int) as select * from a where id = $1`,
    'explain analyze select * from a where id = ?',
  ]
  it.each(understood)('%s', (sql) => expect(parseQuery(sql)).toMatchObject({ tree: expect.anything() }))

  it('gives one fingerprint to all ways of writing a placeholder and a literal', () => {
    const prints = ['id = $1', 'id = ?', 'id = :id', 'id = %(id)s', 'id = 7'].map((condition) => {
      const parsed = parseQuery(`select * from a where ${condition}`)
      return typeof parsed === 'object' ? parsed?.fingerprint : parsed
    })
    expect(new Set(prints).size).toBe(1)
  })

  it('gives equal names equal numbers, behind those that are there', () => {
    expect(numberPlaceholders('select $2, :a, :b, :a')[1]).toBe('select $2, $3, $4, $3')
  })
})

it('reads the home case without a miss', () => {
  const path = fileURLToPath(new URL('../../fixtures/valueverse/queries.sql', import.meta.url))
  const { workload, notSeen } = readWorkloadFiles([path])
  expect(notSeen).toEqual([])
  expect(workload.queries.length).toBeGreaterThan(10)
  expect(workload.queries.every(({ name }) => name !== null)).toBe(true)
})
