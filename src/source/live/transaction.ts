import type pg from 'pg'

export interface TransactionOptions {
  /** Longest time for one statement, in milliseconds. Default 15 s. */
  readonly statementTimeout?: number
  /** Longest wait for one lock, in milliseconds. Default 0.5 s. */
  readonly lockTimeout?: number
  /** Longest time between two statements, in milliseconds, after which the server ends the session. Default 60 s. */
  readonly idleTimeout?: number
  readonly isolation?: 'repeatable read' | 'read committed'
  /** Off: a table whose rows a policy hides gives an error and not a part of its rows. Default off. */
  readonly rowSecurity?: 'on' | 'off'
}

/** Begins a read-only transaction whose settings, all local to it, make every server print values alike. */
export function readOnlyTransaction({
  statementTimeout = 15_000,
  lockTimeout = 500,
  idleTimeout = 60_000,
  isolation = 'read committed',
  rowSecurity = 'off',
}: TransactionOptions): string {
  return `
    begin isolation level ${isolation} read only;
    set local statement_timeout = ${Math.ceil(statementTimeout)};
    set local lock_timeout = ${Math.ceil(lockTimeout)};
    set local idle_in_transaction_session_timeout = ${Math.ceil(idleTimeout)};
    set local search_path = pg_catalog;
    set local row_security = ${rowSecurity};
    set local timezone = 'UTC';
    set local datestyle = 'ISO, MDY';
    set local intervalstyle = 'postgres';
    set local bytea_output = 'hex';
    set local extra_float_digits = 1;
    set local quote_all_identifiers = off;
    set local jit = off`
}

/** What a server says of itself and of who asks. */
export interface Description {
  readonly version: number
  readonly release: string
  readonly role: string
  readonly superuser: boolean
  readonly standby: boolean
}

export async function describeServer(client: pg.Client): Promise<Description> {
  const { rows } = await client.query(`
    select current_setting('server_version_num')::int as version, current_setting('server_version') as release,
      current_user::text as role, pg_is_in_recovery() as standby,
      (select rolsuper from pg_roles where rolname = current_user) as superuser`)
  return rows[0] as Description
}

/** The extended protocol takes one statement, so that no second one can hide behind the first. */
export function extended(sql: string, parameters: readonly unknown[] = []): pg.QueryConfig {
  const config = { text: sql, values: [...parameters], queryMode: 'extended' }
  return config
}
