import { CodedError } from "../coded-error.ts";

/** Every reason why the database cannot be used at start. */
export type StartupErrorCode =
  /** `SHELFLIFE_DATABASE_URL` is not a connection URL. */
  | "database_url_invalid"
  /** Nobody answered before the time was up. */
  | "database_unreachable"
  /** The server answered and refused: wrong password, no such database, no TLS. Waiting would not help. */
  | "database_refused"
  /** `SHELFLIFE_DATABASE_DIRECT_URL` leads somewhere else. */
  | "database_mismatch"
  /** The server is older than the oldest PostgreSQL that Shelflife supports. */
  | "database_too_old"
  /** A newer Shelflife has migrated this database. */
  | "database_newer_than_code"
  /** The migrations that this database has seen are not the ones in the code. */
  | "migration_history_mismatch"
  /** The migration files themselves are wrong: a malformed name, or one number twice. */
  | "migration_files_invalid"
  | "migration_failed"
  /** There are no PostgreSQL binaries for this platform, or they do not run on it. */
  | "embedded_postgres_unsupported"
  /** The data directory belongs to another major version of PostgreSQL. */
  | "embedded_postgres_version_mismatch"
  | "embedded_postgres_failed";

/** The database cannot be used. The message is one line and never holds a password. */
export class StartupError extends CodedError {
  declare readonly code: StartupErrorCode;
  /** The last lines of the embedded server's log, where there is one. */
  readonly serverLog: readonly string[];

  constructor(
    code: StartupErrorCode,
    message: string,
    { serverLog = [], ...options }: ErrorOptions & { serverLog?: readonly string[] } = {},
  ) {
    super(code, message, options);
    this.serverLog = serverLog;
  }
}

/** The message of whatever was thrown, on one line: a multi-line message would break up a log that is read by line. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return message.replaceAll(/\s*\n\s*/g, " ").trim();
}
