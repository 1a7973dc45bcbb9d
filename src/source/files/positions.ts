import type { Location } from '../../errors.js'
import type { EmbeddedServer } from '../embedded/server.js'
import type { Definition } from './definitions.js'
import { parseStatement, type ParsedStatement } from './parse.js'
import { placeTableParts, type TablePart } from './table-parts.js'

/** A statement that can give the location of an offset into its text. */
export interface Locatable {
  readonly text: string
  locate(offset: number): Location
}

interface NamedObject {
  readonly classid: number
  readonly objid: number
  readonly address: string
  /** oid of the table, for what belongs to one. */
  readonly owner: number | null
  readonly part: TablePart['part'] | null
  readonly name: string
  readonly contype: string | null
  readonly columns: readonly string[]
  readonly index: number | null
}

/** Reads what there is to be placed. */
export function readObjects(server: EmbeddedServer): Promise<readonly NamedObject[]> {
  return server.query<NamedObject & Record<string, unknown>>(OBJECTS)
}

/**
 * Where each object at a catalog address was last defined. An object stands where its last CREATE stands; a column where it
 * was added or last given a type; a constraint where it was written, else where its column or table is.
 */
export function placeObjects(
  objects: readonly NamedObject[],
  statements: readonly Locatable[],
  definitions: readonly Definition[],
): ReadonlyMap<string, Location> {
  const defined = new Map<string, Definition[]>()
  for (const definition of definitions) {
    if (NOT_DEFINING.test(definition.tag)) continue
    const key = `${definition.classid} ${definition.objid}`
    const before = defined.get(key)
    if (before) before.push(definition)
    else defined.set(key, [definition])
  }
  const events = (classid: number, objid: number) => defined.get(`${classid} ${objid}`) ?? []
  const created = (classid: number, objid: number): Location | undefined => {
    const list = events(classid, objid)
    const chosen = list.findLast(({ tag }) => tag.startsWith('CREATE')) ?? list[0]
    return chosen && statements[chosen.statement]?.locate(0)
  }
  const parsed = new Map<number, ParsedStatement | null>()
  const parse = (index: number) => {
    if (!parsed.has(index)) parsed.set(index, parseStatement(statements[index]?.text ?? ''))
    return parsed.get(index) ?? null
  }

  const positions = new Map<string, Location>()
  const place = (address: string, location: Location | undefined) => {
    if (location && !positions.has(address)) positions.set(address, location)
  }
  for (const [table, members] of partsByTable(objects)) {
    const relations = [table, ...members.flatMap(({ index }) => index ?? [])]
    const touching = new Map<number, Definition>()
    for (const event of relations.flatMap((relation) => events(PG_CLASS, relation))) {
      if (!touching.has(event.statement)) touching.set(event.statement, event)
    }
    const steps = [...touching.values()]
      .toSorted((a, b) => a.statement - b.statement)
      .map(({ statement, tag }) => ({ statement, tag, parsed: parse(statement) }))
    const places = placeTableParts(members, steps)
    for (const member of members) {
      const found = places.get(member)
      place(member.address, found && statements[found.statement]?.locate(found.offset))
      place(member.address, created(PG_CLASS, member.index ?? table))
    }
  }
  for (const { classid, objid, address, owner } of objects) {
    place(address, created(classid, objid))
    if (owner) place(address, created(PG_CLASS, owner))
  }
  return positions
}

const PG_CLASS = 1259
const NOT_DEFINING = /^(?:COMMENT|GRANT|REVOKE|SECURITY LABEL|REFRESH|ALTER DEFAULT PRIVILEGES)/

function partsByTable(objects: readonly NamedObject[]): ReadonlyMap<number, readonly (NamedObject & TablePart)[]> {
  const tables = new Map<number, (NamedObject & TablePart)[]>()
  for (const object of objects) {
    if (object.part === null || object.owner === null) continue
    const list = tables.get(object.owner)
    if (list) list.push(object as NamedObject & TablePart)
    else tables.set(object.owner, [object as NamedObject & TablePart])
  }
  return tables
}

const OWN = `not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_(?:temp|toast_temp)_'`

/** Columns come first, so that they win an address that a constraint shares; constraints before their indexes. */
const OBJECTS = `
select 1259 as classid, c.oid as objid,
  n.nspname || '.' || c.relname || '.' || a.attname as address, c.oid as owner, 'column' as part,
  a.attname::text as name, null::text as contype, '{}'::text[] as columns, null::oid as index, 1 as rank, a.attnum::int8 as place
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'f') and n.nspname ${OWN}
union all
select 2606, k.oid, n.nspname || '.' || c.relname || '.' || k.conname, c.oid, 'constraint',
  k.conname::text, k.contype::text,
  (select coalesce(pg_catalog.array_agg(a.attname::text order by a.attnum), '{}') from pg_catalog.pg_attribute a
    where a.attrelid = k.conrelid and a.attnum = any (k.conkey)),
  nullif(case when k.contype in ('p', 'u', 'x') then k.conindid end, 0), 2, k.oid::int8
from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname ${OWN}
union all
select 1259, c.oid,
  n.nspname || '.' || coalesce(t.relname || '.', '') || c.relname, t.oid, null, c.relname::text, null, '{}', null,
  3, c.oid::int8
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_index i on i.indexrelid = c.oid left join pg_catalog.pg_class t on t.oid = i.indrelid
where n.nspname ${OWN}
union all
select 2620, g.oid, n.nspname || '.' || c.relname || '.' || g.tgname, c.oid, null, g.tgname::text, null,
  '{}', null, 4, g.oid::int8
from pg_catalog.pg_trigger g join pg_catalog.pg_class c on c.oid = g.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where not g.tgisinternal and n.nspname ${OWN}
union all
select 3256, p.oid, n.nspname || '.' || c.relname || '.' || p.polname, c.oid, null, p.polname::text, null,
  '{}', null, 4, p.oid::int8
from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname ${OWN}
union all
select 1247, t.oid, n.nspname || '.' || t.typname, null, null, t.typname::text, null, '{}', null, 5, t.oid::int8
from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where t.typrelid = 0 and t.typelem = 0 and n.nspname ${OWN}
union all
select 1255, f.oid,
  n.nspname || '.' || f.proname || s.arguments, null, null, f.proname::text, null, '{}', null, 6, f.oid::int8
from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
  cross join lateral (values ('(' || pg_catalog.pg_get_function_identity_arguments(f.oid) || ')'), ('')) s (arguments)
where n.nspname ${OWN}
union all
select 2615, n.oid, n.nspname::text, null, null, n.nspname::text, null, '{}', null, 7, n.oid::int8
from pg_catalog.pg_namespace n
where n.nspname ${OWN}
union all
select 3079, e.oid, e.extname::text, null, null, e.extname::text, null, '{}', null, 8, e.oid::int8
from pg_catalog.pg_extension e
order by rank, place`
