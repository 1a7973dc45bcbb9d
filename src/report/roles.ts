import { Chalk } from 'chalk'
import { ROLES, type RoleMap, type RoleOf } from '../billing/roles/role.js'
import type { Catalog, Table } from '../evidence/catalog/model.js'
import type { ReportOptions } from './options.js'
import { printable } from './printable.js'
import { count } from './summary.js'
import { wrap } from './wrap.js'

/** Signs that are shown for each table. */
const MOST_SIGNS = 4

/** What each table is to billing, how sure that is and why, for a terminal. */
export function renderRoles(catalog: Catalog, roles: RoleMap, { color, width, verbose }: ReportOptions): string {
  const chalk = new Chalk({ level: color })
  const tables = tablesOf(catalog)
  const nameOf = namesIn(tables)
  const known = ROLES.flatMap((role) => roles.all.filter((one) => one.role === role))
  if (known.length === 0)
    return `${chalk.bold('No billing here')}: ${count(tables.length, 'table')}, and none plays a part in it.\n`
  const roleWidth = Math.max(...known.map(({ role }) => role.length)) + 2
  const nameWidth = Math.min(Math.max(...known.map(({ table }) => nameOf(table).length)) + 2, 44)
  const indent = roleWidth + nameWidth + 6
  const lines = known.map((one, at) => {
    const shown = known[at - 1]?.role === one.role ? '' : one.role
    const signs = verbose ? one.evidence : one.evidence.slice(0, MOST_SIGNS)
    const why = wrap(printable(signs.join(' · ')), Math.max(width - indent, 30))
    const head = `${chalk.bold(shown.padEnd(roleWidth))}${printable(nameOf(one.table)).padEnd(nameWidth)}${sureness(one).padStart(4)}  `
    return `${head}${why.map((line) => chalk.dim(line)).join(`\n${' '.repeat(indent)}`)}`
  })
  const rest = tables.filter((table) => !roles.of(table))
  const others =
    rest.length === 0 ? [] : ['', ...wrap(`${chalk.bold('No role:')} ${printable(rest.map(nameOf).join(', '))}`, width)]
  const gone = [...(catalog.declaredRoles?.keys() ?? [])].filter(
    (address) => !tables.some((table) => table.address === address),
  )
  const astray = gone.map((address) => `The configuration names ${printable(address)}, which is not there.`)
  return `${[...lines, ...others, '', ...astray, hintFor(known, rest)].join('\n')}\n`
}

/** The same for programs: every table with its role, or null where none is known. */
export function renderRolesJson(catalog: Catalog, roles: RoleMap): string {
  const tables = tablesOf(catalog).map((table) => {
    const { role = null, confidence = null, evidence = [], declared = false } = roles.of(table) ?? {}
    return { table: table.address, role, confidence, declared, evidence }
  })
  return `${JSON.stringify({ tables }, null, 2)}\n`
}

function tablesOf({ tables }: Catalog): readonly Table[] {
  return tables.filter(({ partitionOf }) => !partitionOf)
}

/** Names without the schema where there is one only. */
function namesIn(tables: readonly Table[]): (table: Table) => string {
  const several = new Set(tables.map(({ schema }) => schema.name)).size > 1
  return ({ name, address }) => (several ? address : name)
}

function sureness({ confidence, declared }: RoleOf): string {
  return declared ? 'set' : `${Math.min(Math.round(confidence * 100), 99)}%`
}

function hintFor(known: readonly RoleOf[], rest: readonly Table[]): string {
  const example = rest[0]?.address ?? known[0]?.table.address ?? ''
  return `Wrong? The configuration decides: "tables": { "${printable(example)}": { "role": "other" } }`
}
