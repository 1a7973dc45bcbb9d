import type { Catalog, Grant, Routine, Table, View } from './model.js'

/** Roles in which an API serves people it does not know: Supabase's and PostgREST's customary names, and everybody. */
const END_USERS = new Set(['PUBLIC', 'anon', 'authenticated', 'web_anon', 'web_user'])

/** The role of Supabase's own servers, above row security wherever Supabase made it. */
const SERVICE_ROLE = 'service_role'

/** Whether a role, as a grant or a policy names it, stands for the API's users or everybody. */
export function isEndUser(role: string): boolean {
  return END_USERS.has(role)
}

/** Privileges that others than the owner and the roles above row security have. */
export function grantsToOthers(relation: Table | View, catalog: Catalog): readonly Grant[] {
  const trusted = new Set([
    SERVICE_ROLE,
    ...catalog.roles.filter((role) => role.superuser || role.bypassRowSecurity).map(({ name }) => name),
  ])
  return relation.grants.filter(({ grantee }) => grantee !== relation.owner && !trusted.has(grantee))
}

/** Whether the catalog shows grants at all; a schema from files often has none, and they are then not known. */
export function knowsGrants(catalog: Catalog): boolean {
  return [...catalog.tables, ...catalog.views].some((relation) => grantsToOthers(relation, catalog).length > 0)
}

/** Names of the roles whose privileges a role has without SET ROLE, its own among them. */
export function rolesHeldBy(name: string, { roles }: Catalog): ReadonlySet<string> {
  const parents = new Map(roles.map((role) => [role.name, role.inheritsFrom]))
  const held = new Set([name])
  // A set that grows is gone through to its end.
  for (const role of held) for (const parent of parents.get(role) ?? []) held.add(parent)
  return held
}

/** A routine's body without comments and string literals, in lower case; null where there is none to read. */
export function codeOf({ source }: Routine): string | null {
  if (source === null || source === '') return null
  return source
    .replaceAll(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g, (part) => (part.startsWith("'") ? "''" : ' '))
    .toLowerCase()
}
