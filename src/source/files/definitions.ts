import type { EmbeddedServer } from '../embedded/server.js'

/** The server told that a statement defined or changed an object. */
export interface Definition {
  /** Index of the statement. */
  readonly statement: number
  readonly classid: number
  readonly objid: number
  readonly objsubid: number
  /** E.g. `CREATE TABLE`. */
  readonly tag: string
}

const PREFIX = 'pg-billing-audit defined'

/**
 * Makes the server raise a warning, which dumps do not silence as they do notices, for every object that a statement defines, also from within DO blocks and functions.
 * ENABLE ALWAYS keeps it under `session_replication_role = replica`.
 */
const RECORD = `
create schema pg_billing_audit_load;
create function pg_billing_audit_load.record() returns event_trigger language plpgsql as $record$
declare
  command record;
begin
  for command in select * from pg_catalog.pg_event_trigger_ddl_commands() loop
    if command.objid is not null and not command.in_extension then
      raise warning '${PREFIX} % % % %', command.classid, command.objid, command.objsubid, command.command_tag;
    end if;
  end loop;
end $record$;
create event trigger pg_billing_audit_record on ddl_command_end execute function pg_billing_audit_load.record();
alter event trigger pg_billing_audit_record enable always;`

/** Makes the server tell what every statement defines. */
export async function startRecording(server: EmbeddedServer): Promise<void> {
  const error = await server.execute(RECORD)
  if (error) throw new Error(`The recorder of definitions could not be made: ${error.message}`)
}

/** Removes every trace of the recorder from the catalog. */
export async function stopRecording(server: EmbeddedServer): Promise<void> {
  await server.execute(`
drop event trigger if exists pg_billing_audit_record;
drop event trigger if exists pg_billing_audit_record_drops;
drop event trigger if exists pg_billing_audit_record_rewrites;
drop schema if exists pg_billing_audit_load cascade;`)
}

/** Reads the definitions out of a statement's notices. */
export function readDefinitions(statement: number, notices: readonly string[]): readonly Definition[] {
  return notices.flatMap((notice) => {
    if (!notice.startsWith(PREFIX)) return []
    const [classid, objid, objsubid, ...tag] = notice.slice(PREFIX.length + 1).split(' ')
    return [
      { statement, classid: Number(classid), objid: Number(objid), objsubid: Number(objsubid), tag: tag.join(' ') },
    ]
  })
}
