/** A table, view or sequence at one moment, as far as migrations change it. Printed SQL has its names qualified. */
export interface RelationState {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'partitioned table' | 'foreign table' | 'view' | 'materialized view' | 'sequence'
  readonly persistence: 'p' | 'u' | 't'
  /** The file node; another one after a rewrite. */
  readonly file: number
  /** oid of the partitioned table that it is a partition of. */
  readonly partitionOf: number | null
  readonly rowSecurity: boolean
  readonly columns: readonly ColumnState[]
  readonly constraints: readonly ConstraintState[]
  readonly indexes: readonly IndexState[]
  readonly triggers: readonly string[]
}

export interface ColumnState {
  readonly position: number
  readonly name: string
  /** With modifier, e.g. `character varying(40)`. */
  readonly type: string
  readonly notNull: boolean
  readonly default: string | null
  readonly identity: boolean
  readonly generated: 'stored' | 'virtual' | null
}

export interface ConstraintState {
  readonly oid: number
  readonly name: string
  readonly type: 'check' | 'foreign key' | 'primary key' | 'unique' | 'exclusion' | 'not null'
  readonly validated: boolean
  readonly columns: readonly string[]
  /** oid of the referenced table of a foreign key. */
  readonly references: number | null
  /** oid of the index that enforces it. */
  readonly index: number | null
  readonly definition: string
}

export interface IndexState {
  readonly oid: number
  readonly name: string
  readonly file: number
  readonly unique: boolean
  readonly valid: boolean
  readonly definition: string
}

const KINDS = `'{"r":"table","p":"partitioned table","f":"foreign table","v":"view","m":"materialized view","S":"sequence"}'::json`
const CONSTRAINTS = `'{"c":"check","f":"foreign key","p":"primary key","u":"unique","x":"exclusion","n":"not null"}'::json`

const COLUMNS = `
  select pg_catalog.json_agg(pg_catalog.json_build_object(
    'position', a.attnum, 'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
    'default', case when a.attgenerated = '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end, 'identity', a.attidentity <> '',
    'generated', case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end) order by a.attnum)
  from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`

const CONSTRAINTS_OF = `
  select pg_catalog.json_agg(pg_catalog.json_build_object(
    'oid', k.oid::int8, 'name', k.conname, 'type', ${CONSTRAINTS} ->> k.contype::text, 'validated', k.convalidated,
    'columns', coalesce((select pg_catalog.json_agg(a.attname order by u.place)
      from pg_catalog.unnest(k.conkey) with ordinality u (number, place)
      join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number), '[]'),
    'references', nullif(k.confrelid, 0)::int8,
    'index', case when k.contype in ('p', 'u', 'x') then k.conindid::int8 end,
    'definition', pg_catalog.pg_get_constraintdef(k.oid)) order by k.oid)
  from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype <> 't'`

const INDEXES = `
  select pg_catalog.json_agg(pg_catalog.json_build_object(
    'oid', x.oid::int8, 'name', x.relname, 'file', x.relfilenode::int8, 'unique', i.indisunique, 'valid', i.indisvalid,
    'definition', pg_catalog.pg_get_indexdef(x.oid)) order by x.oid)
  from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid`

/** An SQL expression: the state of the relation `c` of `pg_class` in the schema `n`, as JSON. */
export const RELATION_STATE = `pg_catalog.json_build_object(
  'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'kind', ${KINDS} ->> c.relkind::text, 'persistence', c.relpersistence,
  'file', c.relfilenode::int8, 'rowSecurity', c.relrowsecurity,
  'partitionOf', case when c.relispartition then (select h.inhparent::int8 from pg_catalog.pg_inherits h where h.inhrelid = c.oid limit 1) end,
  'columns', coalesce((${COLUMNS}), '[]'), 'constraints', coalesce((${CONSTRAINTS_OF}), '[]'),
  'indexes', coalesce((${INDEXES}), '[]'),
  'triggers', coalesce((select pg_catalog.json_agg(g.tgname order by g.tgname) from pg_catalog.pg_trigger g
    where g.tgrelid = c.oid and not g.tgisinternal), '[]'))`

/** A condition: the relation \`c\` in the schema \`n\` is one that users made. */
export const IS_OF_USERS = `c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
  and n.nspname not in ('information_schema', 'pg_billing_audit_load') and n.nspname !~ '^pg_'`
