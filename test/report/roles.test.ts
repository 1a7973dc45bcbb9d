import { afterAll, beforeAll, expect, it } from 'vitest'
import { rolesOf } from '../../src/billing/roles/roles.js'
import type { Catalog } from '../../src/evidence/catalog/model.js'
import { renderRoles, renderRolesJson } from '../../src/report/roles.js'
import type { EmbeddedServer } from '../../src/source/embedded/server.js'
import { startScratch, withSchema } from '../scratch.js'

let server: EmbeddedServer
beforeAll(async () => {
  server = await startScratch()
})
afterAll(() => server.close())

const SQL = `
create table client (id bigint primary key, name text not null, email text not null, city text);
create table facture (
  id bigint primary key, client_id bigint not null references client (id), numero text not null unique,
  total_ht numeric(12, 2) not null, tva numeric(12, 2) not null, total_ttc numeric(12, 2) not null, echeance date not null
);
create table ligne_facture (
  facture_id bigint not null references facture (id), position int, libelle text not null,
  quantite numeric(10, 2) not null, prix_unitaire numeric(10, 2) not null, montant numeric(12, 2) not null,
  primary key (facture_id, position)
);
create table cat (id bigint primary key, name text not null);
`
const options = { color: 0, width: 90, verbose: false } as const

async function show(
  render: (catalog: Catalog) => string,
  sql = SQL,
  declared: Readonly<Record<string, string>> = {},
): Promise<string> {
  return withSchema(server, sql, (catalog) => render({ ...catalog, declaredRoles: new Map(Object.entries(declared)) }))
}

it('shows each role, how sure it is and why, and the tables without one', async () => {
  const text = await show((catalog) => renderRoles(catalog, rolesOf(catalog), options), SQL, {
    'public.cat': 'plan',
    'public.dog': 'plan',
  })
  expect(text).toMatchInlineSnapshot(`
    "customer      client          71%  its name · is invoiced: facture · whom to reach: email,
                                       city
    plan          cat             set  the configuration says so
    invoice       facture         99%  its name · has lines: ligne_facture · totals: total_ht,
                                       tva, total_ttc · due: echeance
    invoice line  ligne_facture   93%  part of an invoice: facture_id → facture · its name ·
                                       quantity and price: quantite, prix_unitaire · an
                                       amount: prix_unitaire, montant

    The configuration names public.dog, which is not there.
    Wrong? The configuration decides: "tables": { "public.client": { "role": "other" } }
    "
  `)
})

it('gives programs every table', async () => {
  const { tables } = JSON.parse(await show((catalog) => renderRolesJson(catalog, rolesOf(catalog)))) as {
    tables: { table: string; role: string | null; confidence: number | null; declared: boolean }[]
  }
  expect(tables.map(({ table, role, declared }) => [table, role, declared])).toEqual([
    ['public.cat', null, false],
    ['public.client', 'customer', false],
    ['public.facture', 'invoice', false],
    ['public.ligne_facture', 'invoice line', false],
  ])
})

it('says that there is no billing', async () => {
  const sql = 'create table cat (id bigint primary key, name text not null);'
  expect(await show((catalog) => renderRoles(catalog, rolesOf(catalog), options), sql)).toBe(
    'No billing here: 1 table, and none plays a part in it.\n',
  )
})
