import type { EmbeddedServer } from '../../embedded/server.js'

/** Something that a statement dropped. */
export interface Dropped {
  /** As the server names it: `table`, `table column`, `index`, `view`, `policy` … */
  readonly type: string
  /** `public.invoice.total`, quoted where needed. */
  readonly identity: string
  /** The statement names it; false for what went with it. */
  readonly original: boolean
}

const DROPPED = 'pg-billing-audit dropped '
const REWRITTEN = 'pg-billing-audit rewrites '

const RECORD = `
create or replace function pg_billing_audit_load.record_drops() returns event_trigger language plpgsql as $record$
declare
  object record;
begin
  for object in select * from pg_catalog.pg_event_trigger_dropped_objects() loop
    if not object.is_temporary then
      raise warning '${DROPPED}%', pg_catalog.json_build_object(
        'type', object.object_type, 'identity', object.object_identity, 'original', object.original);
    end if;
  end loop;
end $record$;
create or replace function pg_billing_audit_load.record_rewrites() returns event_trigger language plpgsql as $record$
begin
  raise warning '${REWRITTEN}%', pg_catalog.pg_event_trigger_table_rewrite_oid()::int8;
end $record$;
create event trigger pg_billing_audit_record_drops on sql_drop execute function pg_billing_audit_load.record_drops();
create event trigger pg_billing_audit_record_rewrites on table_rewrite execute function pg_billing_audit_load.record_rewrites();
alter event trigger pg_billing_audit_record_drops enable always;
alter event trigger pg_billing_audit_record_rewrites enable always;`

/** Makes the server tell what every statement drops and which tables it rewrites. Definitions must be recorded already. */
export async function startRecordingEvents(server: EmbeddedServer): Promise<void> {
  const error = await server.execute(RECORD)
  if (error) throw new Error(`The recorder of drops and rewrites could not be made: ${error.message}`)
}

/** Reads the drops out of a statement's notices. */
export function readDropped(notices: readonly string[]): readonly Dropped[] {
  return notices.flatMap((notice) =>
    notice.startsWith(DROPPED) ? [JSON.parse(notice.slice(DROPPED.length)) as Dropped] : [],
  )
}

/** Reads the oids of rewritten tables out of a statement's notices. */
export function readRewritten(notices: readonly string[]): ReadonlySet<number> {
  return new Set(
    notices.flatMap((notice) => (notice.startsWith(REWRITTEN) ? [Number(notice.slice(REWRITTEN.length))] : [])),
  )
}
