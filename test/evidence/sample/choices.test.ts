import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EmbeddedServer } from '../../../src/source/embedded/server.js'
import { believedOf } from '../../../src/billing/propositions/believed.js'
import { sampleScratch, startScratch, withSchema } from '../../scratch.js'

let server: EmbeddedServer
beforeAll(async () => void (server = await startScratch()))
afterAll(() => server.close())

const PRICES = `
  create type model as enum ('fixed', 'percentage', 'tiered', 'free');
  create table price (id bigint primary key, model model not null, capped boolean not null, source text not null,
    rate numeric, amount numeric, cap numeric, partner text, note text);
  insert into price select n, (array['fixed', 'percentage', 'tiered', 'free'])[n % 4 + 1]::model, n % 3 = 0,
    (array['web', 'partner'])[n / 3 % 2 + 1], case when n % 4 = 1 then 0.5 + n end, case when n % 4 in (0, 2) then n end,
    case when n % 3 = 0 then n end, case when n / 3 % 2 = 1 then 'p' || n end, case when n % 7 = 0 then 'x' end
  from generate_series(1, 400) as n`

const look = (sql: string, showValues: boolean) =>
  withSchema(server, sql, async (catalog) => {
    const sample = (await sampleScratch(server, catalog, { showValues }))!
    const [table] = catalog.tables
    return {
      conditions: believedOf(table!, sample).flatMap(({ family, expression }) =>
        family === 'conditional' ? [expression] : [],
      ),
      choices: table!.columns.flatMap((column) => sample.choice(column) ?? []),
    }
  })

it('says for which kinds of rows a column is filled', async () => {
  const { conditions, choices } = await look(PRICES, false)
  expect(conditions).toEqual([
    `(model = 'percentage') = (rate is not null)`,
    `(model in ('fixed', 'tiered')) = (amount is not null)`,
    `(capped) = (cap is not null)`,
  ])
  expect(choices).toMatchObject([
    { column: 'source', distinct: 2, values: null, grounds: { tier: 'verified', support: 400 } },
  ])
})

it('says so of words only where values may be shown', async () => {
  const { conditions, choices } = await look(PRICES, true)
  expect(conditions).toContain(`(source = 'partner') = (partner is not null)`)
  expect(choices).toMatchObject([{ column: 'source', values: ['partner', 'web'] }])
})

it('believes no condition that a row breaks, nor one of few rows', async () => {
  const broken = `${PRICES}; update price set rate = 1 where id = 2; update price set cap = null where id > 20`
  expect((await look(broken, false)).conditions).toEqual([`(model in ('fixed', 'tiered')) = (amount is not null)`])
})
