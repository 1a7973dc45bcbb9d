import type { Schema, Table } from '../../evidence/catalog/model.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import type { Step } from '../step.js'
import { block, STEP } from './base.js'
import { addMonthPartitions, MONTHS_AHEAD } from './month-partitions.js'

/** A table of changes to rows of other tables, which is to be made. */
export interface AuditTrail {
  readonly schema: Schema
  readonly name: string
  /** Tables whose changes it keeps; each has a primary key. */
  readonly tables: readonly Table[]
  /** Names of functions of the schema. */
  readonly taken: ReadonlySet<string>
}

/** Settings by which an application tells who acts and for which request, as in `set local audit.actor = 'ada'`. */
export const AUDIT_SETTINGS = { actor: 'audit.actor', request: 'audit.request_id' } as const

/**
 * Makes an audit trail: a table partitioned by month of its time, which is therefore part of its primary key; a function that makes
 * partitions ahead, called once; and a trigger on each table that keeps the row before and after with actor and request. Writers need no
 * privilege on the trail, for its function runs as its owner; nobody is granted any.
 */
export function createAuditTrail({ schema, name, tables, taken }: AuditTrail): readonly Step[] {
  const trail = quoteRelation({ schema, name })
  const named = (suffix: string) => newName([name], suffix, taken)
  const routine = (suffix: string) => quoteRelation({ schema, name: named(suffix) })
  const [partitions, capture] = [routine('add_partitions'), routine('capture')]
  const made = { ...STEP, undo: null }
  return [
    {
      ...STEP,
      sql: `create table ${trail} (\n  ${COLUMNS.join(',\n  ')}\n) partition by range (recorded_at)`,
      undo: `drop table ${trail}`,
    },
    { ...made, sql: `create index on ${trail} (table_schema, table_name, row_key, recorded_at)` },
    { ...made, sql: `comment on table ${trail} is ${quoteLiteral(describe(trail, partitions))}` },
    {
      ...STEP,
      sql: `create function ${partitions}(ahead integer) returns integer language plpgsql set search_path = pg_catalog, pg_temp as ${quoteBody(addMonthPartitions({ schema, name }))}`,
      undo: `drop function ${partitions}(integer)`,
    },
    {
      ...made,
      sql: block([`perform ${partitions}(${MONTHS_AHEAD})`]),
      note: `Call ${partitions}(${MONTHS_AHEAD}) every month, by pg_cron or the application's scheduler: a row without a partition is refused, and with it the change that it is about.`,
    },
    {
      ...STEP,
      sql: `create function ${capture}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as ${quoteBody(captureRow(trail))}`,
      undo: `drop function ${capture}()`,
    },
    { ...made, sql: `revoke all on function ${capture}() from public` },
    ...tables.map((table) => captureFrom(table, name, capture)),
  ]
}

/** Only a sequence of its own gives rows that are inserted into a partition directly a number on every version; the time alone tells the partition. */
const COLUMNS = [
  'id bigserial not null',
  'recorded_at timestamptz not null default now()',
  'table_schema text not null',
  'table_name text not null',
  'row_key text not null',
  `operation text not null check (operation in ('INSERT', 'UPDATE', 'DELETE'))`,
  'old_row jsonb',
  'new_row jsonb',
  'actor text not null',
  'request_id text',
  'client_address inet',
  'transaction_id bigint not null default txid_current()',
  'primary key (id, recorded_at)',
  'check (num_nonnulls(old_row, new_row) > 0)',
]

function describe(trail: string, partitions: string): string {
  return `What was changed, by whom and for which request. Partitioned by month: ${partitions} makes partitions ahead. What is older than it must be kept goes by ALTER TABLE ${trail} DETACH PARTITION … CONCURRENTLY and DROP TABLE, never by DELETE.`
}

function captureRow(trail: string): string {
  const setting = (name: string) => `nullif(current_setting(${quoteLiteral(name)}, true), '')`
  return [
    'declare',
    '  was jsonb;',
    '  became jsonb;',
    'begin',
    `  if tg_op <> 'INSERT' then was := to_jsonb(old); end if;`,
    `  if tg_op <> 'DELETE' then became := to_jsonb(new); end if;`,
    '  if was = became then return null; end if;',
    `  insert into ${trail} (table_schema, table_name, row_key, operation, old_row, new_row, actor, request_id, client_address)`,
    '  values (',
    '    tg_table_schema, tg_table_name,',
    `    (select string_agg(coalesce(became, was) ->> key.part, ',' order by key.place) from unnest(tg_argv) with ordinality as key (part, place)),`,
    '    tg_op, was, became,',
    `    coalesce(${setting(AUDIT_SETTINGS.actor)}, session_user), ${setting(AUDIT_SETTINGS.request)}, inet_client_addr()`,
    '  );',
    '  return null;',
    'end',
  ].join('\n')
}

function captureFrom(table: Table, name: string, capture: string): Step {
  const trigger = quoteIdentifier(newName([table.name], name, new Set(table.triggers.map((each) => each.name))))
  const on = quoteRelation(table)
  const key = (table.primaryKey?.columns ?? []).map((column) => quoteLiteral(column.name)).join(', ')
  return {
    ...STEP,
    sql: `create trigger ${trigger} after insert or update or delete on ${on} for each row execute function ${capture}(${key})`,
    undo: `drop trigger ${trigger} on ${on}`,
    lock: 'SHARE ROW EXCLUSIVE',
  }
}
