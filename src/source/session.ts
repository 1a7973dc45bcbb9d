/**
 * A row: column name → value. Every session gives the same values: boolean; number for int2, int4, oid and floats;
 * parsed JSON; arrays of built-in types as arrays of these; a string for all else (int8, numeric, name, timestamps).
 */
export type Row = Readonly<Record<string, unknown>>

/**
 * What evidence is read through. A session sees one moment of one database and cannot change it:
 * a live server's session is one `REPEATABLE READ, READ ONLY` transaction.
 */
export interface Session {
  /** `server_version_num`, e.g. 150018. */
  readonly version: number
  /** Runs one read-only statement. Throws EvidenceError (privilege, timeout) or ConnectionError (the server went away). */
  query<T extends Row = Row>(sql: string, parameters?: readonly unknown[]): Promise<readonly T[]>
  /** As `query`, of a statement that is asked again and again under its own name: the server plans it once. */
  queryByName?(name: string, sql: string): Promise<readonly Row[]>
  close(): Promise<void>
}

/**
 * Where rows are looked at, apart from the session that reads the catalog. Of a live server every statement is a read-only
 * transaction of its own, which the server ends after its time: none holds back the clean-up of what others delete.
 */
export interface RowSession extends Session {
  /** The server is a replica. */
  readonly standby: boolean
  /** As `query`, with a longest time in milliseconds. The error's `code` is the server's SQLSTATE, where it gave one. */
  look<T extends Row = Row>(sql: string, milliseconds: number): Promise<readonly T[]>
}

/** An error that a scratch server raised for a statement, as plain data. */
export interface ServerError {
  readonly message: string
  /** SQLSTATE, e.g. `23514`. */
  readonly code: string
  readonly detail: string | null
  readonly hint: string | null
  /** 1-based character offset into the statement, when the server gave one. */
  readonly position: number | null
}

/** What came of a statement in a transaction of its own. */
export interface Transacted {
  readonly error: ServerError | null
  /** It failed only when the transaction was to end. */
  readonly atCommit: boolean
  /** Rows of the question before it; none after a failure. */
  readonly before: readonly Row[]
  /** Rows of the question behind it; none after a failure. */
  readonly behind: readonly Row[]
}

/** Questions that are asked in a statement's transaction, before and behind it. */
export interface Questions {
  readonly before: string
  readonly behind: string
}

/**
 * A database of our own that may be written: the embedded server, or a scratch database that we created.
 * Nothing that reads the scanned database has this type, so no write can be sent there.
 */
export interface ScratchSession extends Session {
  /** Runs one statement outside any transaction that we opened; a failure is a value. */
  execute(sql: string): Promise<ServerError | null>
  /** Runs one statement in a transaction of its own and asks the questions there; of what fails nothing stays. */
  transact(sql: string, questions: Questions): Promise<Transacted>
  /** Another session with the same database, where the server can have two. Who opens it closes it. */
  openBeside?(): Promise<ScratchSession>
}

/** The statements that make a schema on an empty database. Roles belong to the whole server and are named apart. */
export interface Recreation {
  readonly roles: readonly string[]
  readonly statements: readonly string[]
}

/** Something of the schema that a scratch copy lacks. */
export interface Unmade {
  /** The beginning of the statement on one line, or the role. */
  readonly what: string
  readonly reason: string
}

/** A scratch database that could not be dropped. */
export interface LeftOver {
  readonly database: string
  readonly server: string
  readonly reason: string
}
