/**
 * One query per catalog, whatever the number of tables. Names are qualified and each has an explicit order.
 * `scope` CTEs leave out the system's own objects and what belongs to an extension, once, here.
 */

const USER_SCHEMAS = `
  user_schemas as (
    select n.oid, n.nspname
    from pg_catalog.pg_namespace n
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.objid = n.oid and d.deptype = 'e')
  )`

const RELATIONS = `${USER_SCHEMAS},
  relations as (
    select c.*
    from pg_catalog.pg_class c
    where c.relkind in ('r', 'p', 'f', 'v', 'm')
      and c.relnamespace = any(array(
        select oid from user_schemas union all select oid from pg_catalog.pg_namespace where nspname ~ '^pg_temp_'))
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
  )`

const comment = (catalog: string, oid: string, column = '0') =>
  `(select d.description from pg_catalog.pg_description d
    where d.objoid = ${oid} and d.classoid = 'pg_catalog.${catalog}'::pg_catalog.regclass and d.objsubid = ${column})`

const grants = (acl: string, kind: string, owner: string) =>
  `(select coalesce(json_agg(json_build_object(
      'grantee', case a.grantee when 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(a.grantee)::text end,
      'privilege', a.privilege_type, 'grantable', a.is_grantable)
      order by a.grantee = 0 desc, pg_catalog.pg_get_userbyid(a.grantee), a.privilege_type), '[]'::json)
    from pg_catalog.aclexplode(coalesce(${acl}, pg_catalog.acldefault(${kind}, ${owner}))) a)`

const since = (version: number, minimum: number, expression: string, otherwise: string) =>
  version >= minimum ? expression : otherwise

/** The catalog's queries for a server of this `server_version_num`, by the name of the part they read. */
export const catalogQueries = (version: number) =>
  ({
    database: `
      select pg_catalog.current_database()::text as name, pg_catalog.current_setting('server_version_num')::int as version,
        pg_catalog.to_regclass('pg_catalog.pg_dist_partition') is not null as citus`,

    schemas: `with ${USER_SCHEMAS}
      select n.oid, n.nspname::text as name, pg_catalog.pg_get_userbyid(n.nspowner)::text as owner,
        ${comment('pg_namespace', 'n.oid')} as comment, ${grants('n.nspacl', `'n'`, 'n.nspowner')} as grants,
        (select coalesce(json_agg(json_build_object('owner', pg_catalog.pg_get_userbyid(d.defaclrole)::text,
            'objects', d.defaclobjtype::text,
            'grantee', case a.grantee when 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(a.grantee)::text end,
            'privilege', a.privilege_type)
            order by pg_catalog.pg_get_userbyid(d.defaclrole), d.defaclobjtype, a.grantee, a.privilege_type), '[]'::json)
          from pg_catalog.pg_default_acl d cross join lateral pg_catalog.aclexplode(d.defaclacl) a
          where d.defaclnamespace = n.oid) as "defaultGrants"
      from pg_catalog.pg_namespace n join user_schemas u on u.oid = n.oid
      order by n.nspname`,

    relations: `with ${RELATIONS}
      select c.oid, c.relnamespace as schema, c.relname::text as name, c.relkind::text as kind,
        c.relpersistence::text as persistence, pg_catalog.pg_get_userbyid(c.relowner)::text as owner,
        c.relrowsecurity as "rowSecurity", c.relforcerowsecurity as "forceRowSecurity",
        c.relreplident::text as "replicaIdentity", c.relispopulated as populated, c.reloptions::text[] as options,
        ${comment('pg_class', 'c.oid')} as comment, ${grants('c.relacl', `'r'`, 'c.relowner')} as grants,
        (select coalesce(json_agg(p.pubname::text order by p.pubname), '[]'::json)
          from pg_catalog.pg_publication p
          where (p.pubupdate or p.pubdelete) and (p.puballtables
            or exists (select from pg_catalog.pg_publication_rel r where r.prpubid = p.oid and r.prrelid = c.oid)
            ${since(version, 150000, 'or exists (select from pg_catalog.pg_publication_namespace s where s.pnpubid = p.oid and s.pnnspid = c.relnamespace)', '')}
          )) as publications,
        c.relispartition as "isPartition",
        case when c.relispartition then pg_catalog.pg_get_expr(c.relpartbound, c.oid) end as "partitionBound",
        (select coalesce(json_agg(i.inhparent::int8 order by i.inhseqno), '[]'::json)
          from pg_catalog.pg_inherits i where i.inhrelid = c.oid) as parents,
        p.partstrat::text as "partitionStrategy", string_to_array(p.partattrs::text, ' ')::int2[] as "partitionColumns",
        case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end as "partitionKey",
        case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end as definition,
        case when c.relhasrules then (
          select json_agg(json_build_object('name', w.rulename::text, 'event', w.ev_type::text, 'instead', w.is_instead,
            'enabled', w.ev_enabled::text, 'definition', pg_catalog.pg_get_ruledef(w.oid),
            'comment', ${comment('pg_rewrite', 'w.oid')}) order by w.rulename)
          from pg_catalog.pg_rewrite w where w.ev_class = c.oid and w.rulename <> '_RETURN') end as rules,
        (select json_agg(json_build_object('schemaName', sn.nspname::text, 'name', s.stxname::text,
            'columns', (select coalesce(json_agg(k.key::int order by k.at), '[]'::json)
              from unnest(string_to_array(s.stxkeys::text, ' ')) with ordinality k (key, at)),
            'kinds', s.stxkind::text[], 'definition', pg_catalog.pg_get_statisticsobjdef(s.oid)) order by sn.nspname, s.stxname)
          from pg_catalog.pg_statistic_ext s join pg_catalog.pg_namespace sn on sn.oid = s.stxnamespace
          where s.stxrelid = c.oid) as "extendedStatistics"
      from relations c left join pg_catalog.pg_partitioned_table p on p.partrelid = c.oid
      order by c.relnamespace, c.relname`,

    columns: `with ${RELATIONS}
      select a.attrelid as relation, a.attnum as position, a.attname::text as name, a.atttypid as type,
        a.atttypmod as modifier, pg_catalog.format_type(a.atttypid, a.atttypmod) as sql, a.attnotnull as "notNull",
        pg_catalog.pg_get_expr(d.adbin, d.adrelid) as expression, a.attidentity::text as identity,
        a.attgenerated::text as generated,
        case when a.attcollation <> t.typcollation then (
          select pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname)
          from pg_catalog.pg_collation co join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
          where co.oid = a.attcollation) end as collation,
        nullif(a.attstattarget, -1) as "statisticsTarget", a.attinhcount > 0 as inherited, a.attislocal as local,
        ${comment('pg_class', 'a.attrelid', 'a.attnum')} as comment
      from pg_catalog.pg_attribute a
      join relations c on c.oid = a.attrelid
      join pg_catalog.pg_type t on t.oid = a.atttypid
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attnum > 0 and not a.attisdropped
      order by a.attrelid, a.attnum`,

    types: `with ${USER_SCHEMAS}
      select t.oid, t.typname::text as name, n.nspname::text as "schemaName", u.oid as schema, t.typtype::text as kind,
        t.typcategory::text as category, t.typelem as element, t.typbasetype as base, t.typtypmod as modifier,
        case when t.typbasetype <> 0 then pg_catalog.format_type(t.typbasetype, t.typtypmod) end as "baseSql",
        t.typnotnull as "notNull", t.typdefault as "default", c.oid is not null as composite,
        case when u.oid is not null then ${comment('pg_type', 't.oid')} end as comment,
        e.labels, r.rngsubtype as subtype,
        case when c.oid is not null then (
          select json_agg(json_build_object('name', a.attname, 'type', a.atttypid::int8, 'modifier', a.atttypmod,
            'sql', pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum)
          from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) end as attributes,
        exists (select from pg_catalog.pg_depend d
          where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = t.oid and d.deptype = 'e') as "ofExtension"
      from pg_catalog.pg_type t
      join pg_catalog.pg_namespace n on n.oid = t.typnamespace
      left join user_schemas u on u.oid = n.oid
      left join pg_catalog.pg_class c on c.oid = t.typrelid and c.relkind = 'c'
      left join (select enumtypid, array_agg(enumlabel::text order by enumsortorder) as labels
        from pg_catalog.pg_enum group by enumtypid) e on e.enumtypid = t.oid
      left join pg_catalog.pg_range r on r.rngtypid = t.oid
      where (t.typrelid = 0 or c.oid is not null) and n.nspname <> 'information_schema'
      order by n.nspname, t.typname`,

    constraints: `with ${RELATIONS}
      select o.oid, o.conname::text as name, o.contype::text as type, o.conrelid as relation, o.contypid as domain,
        o.conkey::int2[] as columns, o.conindid as index, o.confrelid as "referencedRelation",
        o.confkey::int2[] as "referencedColumns", o.confupdtype::text as "onUpdate", o.confdeltype::text as "onDelete",
        ${since(version, 150000, 'o.confdelsetcols::int2[]', 'null::int2[]')} as "onDeleteSetColumns",
        o.confmatchtype::text as match, o.condeferrable as deferrable, o.condeferred as deferred,
        o.contype = 'f' and exists (select from pg_catalog.pg_trigger t
          where t.tgconstraint = o.oid and t.tgenabled = 'D') as "triggersDisabled",
        o.convalidated as validated, ${since(version, 180000, 'o.conenforced', 'true')} as enforced,
        ${since(version, 180000, 'o.conperiod', 'false')} as period,
        o.conparentid <> 0 or not o.conislocal as inherited,
        pg_catalog.pg_get_constraintdef(o.oid) as definition,
        case when o.contype = 'c' then pg_catalog.pg_get_expr(o.conbin, o.conrelid) end as expression,
        case when o.contype = 'x' then (
          select array_agg(p.oprname::text order by k.ordinality)
          from unnest(o.conexclop) with ordinality k(operator, ordinality)
          join pg_catalog.pg_operator p on p.oid = k.operator) end as operators,
        ${comment('pg_constraint', 'o.oid')} as comment
      from pg_catalog.pg_constraint o
      left join relations c on c.oid = o.conrelid
      left join (select t.oid from pg_catalog.pg_type t join user_schemas n on n.oid = t.typnamespace) t on t.oid = o.contypid
      where o.contype in ('p', 'u', 'f', 'c', 'x') and (c.oid is not null or t.oid is not null)
      order by o.conrelid, o.conname, o.oid`,

    indexes: `with ${RELATIONS},
      user_indexes as (select x.* from pg_catalog.pg_index x join relations c on c.oid = x.indrelid),
      index_keys as (
        select x.indexrelid,
          array_agg(case when a.attname is null then pg_catalog.pg_get_indexdef(x.indexrelid, p.position::int, true)
            else pg_catalog.quote_ident(a.attname) end order by p.position) as expressions,
          array_agg(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(o.opcname)
            order by p.position) as opclasses,
          array_agg(o.opcdefault::text order by p.position) as defaults,
          array_agg(coalesce(pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname), '')
            order by p.position) as collations
        from user_indexes x
        cross join lateral unnest(x.indclass::oid[]) with ordinality p(opclass, position)
        join pg_catalog.pg_opclass o on o.oid = p.opclass
        join pg_catalog.pg_namespace n on n.oid = o.opcnamespace
        left join pg_catalog.pg_collation co on co.oid = x.indcollation[p.position - 1]
        left join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
        left join pg_catalog.pg_attribute a
          on a.attrelid = x.indrelid and a.attnum = x.indkey[p.position - 1] and a.attnum <> 0
        group by x.indexrelid)
      select x.indexrelid as oid, x.indrelid as relation, i.relname::text as name, m.amname::text as method,
        x.indnkeyatts as "keyCount", string_to_array(x.indkey::text, ' ')::int2[] as columns,
        string_to_array(x.indoption::text, ' ')::int2[] as options,
        x.indisunique as "unique", ${since(version, 150000, 'x.indnullsnotdistinct', 'false')} as "nullsNotDistinct",
        x.indisvalid as valid, x.indisready as ready, x.indisreplident as "isReplicaIdentity",
        x.indisclustered as clustered, pg_catalog.pg_get_expr(x.indpred, x.indrelid) as predicate,
        k.expressions, k.opclasses, k.defaults as "defaultOpclasses", k.collations,
        (select h.inhparent from pg_catalog.pg_inherits h where h.inhrelid = x.indexrelid) as parent,
        i.reloptions::text[] as "storageOptions", pg_catalog.pg_get_indexdef(x.indexrelid) as definition,
        i.relpages::int8 * pg_catalog.current_setting('block_size')::int8 as "sizeBytes",
        ${comment('pg_class', 'x.indexrelid')} as comment
      from user_indexes x
      join index_keys k on k.indexrelid = x.indexrelid
      join pg_catalog.pg_class i on i.oid = x.indexrelid
      join pg_catalog.pg_am m on m.oid = i.relam
      order by x.indrelid, i.relname`,

    sequences: `with ${USER_SCHEMAS}
      select c.oid, n.oid as schema, c.relname::text as name, d.refobjid as relation, d.refobjsubid as position,
        d.deptype = 'i' as identity, pg_catalog.format_type(s.seqtypid, null) as type,
        s.seqstart as start, s.seqincrement as increment, s.seqmin as minimum, s.seqmax as maximum, s.seqcycle as cycle,
        case when pg_catalog.has_sequence_privilege(c.oid, 'SELECT, USAGE')
          then pg_catalog.pg_sequence_last_value(c.oid) end as "lastValue",
        ${comment('pg_class', 'c.oid')} as comment
      from pg_catalog.pg_sequence s
      join pg_catalog.pg_class c on c.oid = s.seqrelid
      join user_schemas n on n.oid = c.relnamespace
      left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
      where not exists (select from pg_catalog.pg_depend e
        where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')
      order by n.nspname, c.relname`,

    functions: `with ${USER_SCHEMAS}
      select p.oid, n.oid as schema, p.proname::text as name, p.prokind::text as kind,
        pg_catalog.pg_get_function_identity_arguments(p.oid) as arguments,
        pg_catalog.pg_get_function_result(p.oid) as returns, l.lanname::text as language,
        p.provolatile::text as volatility, p.prosecdef as "securityDefiner",
        pg_catalog.pg_get_userbyid(p.proowner)::text as owner, p.proconfig::text[] as settings,
        case when l.lanname not in ('c', 'internal') then p.prosrc end as source,
        case when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid) end as definition,
        ${comment('pg_proc', 'p.oid')} as comment, ${grants('p.proacl', `'f'`, 'p.proowner')} as grants
      from pg_catalog.pg_proc p
      join user_schemas n on n.oid = p.pronamespace
      join pg_catalog.pg_language l on l.oid = p.prolang
      where p.pronamespace = any(array(select oid from user_schemas)) and not exists (select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype in ('e', 'i'))
      order by n.nspname, p.proname, 5`,

    triggers: `with ${RELATIONS}
      select t.oid, t.tgrelid as relation, t.tgname::text as name, pg_catalog.pg_get_triggerdef(t.oid) as definition,
        t.tgfoid as function, t.tgfoid::pg_catalog.regproc::text as "functionName", t.tgenabled::text as enabled,
        t.tgtype::int as type, t.tgconstraint <> 0 as "isConstraint",
        ${since(version, 130000, 't.tgparentid <> 0', 'false')} as inherited,
        ${comment('pg_trigger', 't.oid')} as comment
      from pg_catalog.pg_trigger t join relations c on c.oid = t.tgrelid
      where not t.tgisinternal
      order by t.tgrelid, t.tgname`,

    policies: `with ${RELATIONS}
      select p.oid, p.polrelid as relation, p.polname::text as name, p.polcmd::text as command,
        p.polpermissive as permissive, pg_catalog.pg_get_expr(p.polqual, p.polrelid) as using,
        pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "withCheck",
        array(select case r when 0 then 'PUBLIC' else pg_catalog.pg_get_userbyid(r)::text end
          from unnest(p.polroles) r order by 1)::text[] as roles,
        ${comment('pg_policy', 'p.oid')} as comment
      from pg_catalog.pg_policy p join relations c on c.oid = p.polrelid
      order by p.polrelid, p.polname`,

    extensions: `
      select e.oid, e.extname::text as name, n.nspname::text as schema, e.extversion as version,
        a.default_version as "defaultVersion", ${comment('pg_extension', 'e.oid')} as comment
      from pg_catalog.pg_extension e
      join pg_catalog.pg_namespace n on n.oid = e.extnamespace
      left join pg_catalog.pg_available_extensions a on a.name = e.extname
      where e.extname <> 'plpgsql'
      order by e.extname`,

    roles: `
      select r.rolname::text as name, r.rolsuper as superuser, r.rolbypassrls as "bypassRowSecurity",
        r.rolcanlogin as "canLogin",
        array(select pg_catalog.pg_get_userbyid(m.roleid)::text from pg_catalog.pg_auth_members m
          where m.member = r.oid and ${since(version, 160000, 'm.inherit_option', 'r.rolinherit')}
          order by 1)::text[] as "inheritsFrom"
      from pg_catalog.pg_roles r
      where r.rolname !~ '^pg_'
      order by r.rolname`,

    viewDependencies: `with ${RELATIONS}
      select distinct w.ev_class as view, d.refobjid as relation, d.refobjsubid as position
      from pg_catalog.pg_rewrite w
      join relations c on c.oid = w.ev_class and c.relkind in ('v', 'm')
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = w.oid
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> w.ev_class
      order by 1, 2, 3`,
  }) as const

/** Citus's record of distributed and reference tables; asked only where Citus is. */
export const DISTRIBUTION_QUERY = `
  select p.logicalrelid::pg_catalog.oid as relation, p.partmethod::text as method, p.colocationid::int as colocation,
    pg_catalog.column_to_column_name(p.logicalrelid, p.partkey) as column
  from pg_catalog.pg_dist_partition p
  order by p.logicalrelid::pg_catalog.oid`
