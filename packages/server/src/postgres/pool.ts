import pg from "pg";
import type { Logger } from "pino";
import { oneLine, StartupError } from "./startup-error.ts";

export interface PoolOptions {
  url: string;
  /** Shown in `pg_stat_activity`, so that an operator sees which part of Shelflife holds a connection. */
  applicationName: string;
  log: Logger;
  /** The most connections that are open at a time. */
  max?: number;
  /** How long to wait for a free or a new connection, in milliseconds. */
  connectionTimeoutMs?: number;
  /** How long one statement may run, in milliseconds; 0 for no limit. */
  statementTimeoutMs?: number;
  /** How long a transaction may stand idle before the server ends the session, in milliseconds; 0 for no limit. */
  idleInTransactionTimeoutMs?: number;
}

const { builtins } = pg.types;
const INT8_ARRAY = 1016 as (typeof builtins)["INT8"];
const readArray: (value: string) => (string | null)[] = pg.types.getTypeParser(INT8_ARRAY, "text");

/**
 * Reads a `bigint` as a number. Message ids are JSON integers, and an id that silently lost its last digits would
 * point at another message, so a value beyond 2^53 is refused.
 */
function parseInt8(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new RangeError(`The bigint ${value} cannot be held exactly by a JavaScript number.`);
  }
  return number;
}

/** Parsers of this pool alone: setting them on `pg.types` would change every other user of pg in the process. */
const typeParsers = new Map<number, (value: string) => unknown>([
  [builtins.INT8, parseInt8],
  [INT8_ARRAY, (value) => readArray(value).map((item) => (item === null ? null : parseInt8(item)))],
  // A day has no time zone; as a Date it would be midnight in the zone of this process.
  [builtins.DATE, (value) => value],
]);

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    (format === "binary" ? undefined : typeParsers.get(oid)) ?? pg.types.getTypeParser(oid, format),
};

/** Opens no connection yet: the first query does. */
export function createPool({
  url,
  applicationName,
  log,
  max = 10,
  connectionTimeoutMs = 5_000,
  statementTimeoutMs = 60_000,
  idleInTransactionTimeoutMs = 60_000,
}: PoolOptions): pg.Pool {
  const database = describeDatabase(url);
  // These are sent as statements and not as start-up options, since PgBouncer refuses a connection with options that it
  // does not know. UTC, because partition bounds and days in SQL must not depend on where the server stands.
  const sessionSettings = [
    "set timezone = 'UTC'",
    // Times travel as text where a Date would lose their microseconds; a role may have another style of its own.
    "set datestyle = 'ISO'",
    `set statement_timeout = ${statementTimeoutMs}`,
    `set idle_in_transaction_session_timeout = ${idleInTransactionTimeoutMs}`,
  ].join("; ");
  const pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName,
    max,
    connectionTimeoutMillis: connectionTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types,
    // The pool awaits what this returns, though its types do not say so: a failure fails the connection.
    // oxlint-disable-next-line typescript/no-misused-promises -- it is awaited
    onConnect: async (client) => {
      await client.query(sessionSettings);
    },
  });
  // Without a listener the loss of an idle connection would end the process. The pool has already dropped the
  // connection when this is called, and opens another one for the next query.
  pool.on("error", (error) => {
    // A pool that is being closed loses its connections on purpose.
    if (pool.ending) return;
    log.warn({ database, error: oneLine(error) }, "an idle database connection was lost");
  });
  return pool;
}

/** `host:port/database` of a connection URL, which is what may be shown: the URL itself holds the password. */
export function describeDatabase(url: string): string {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new StartupError("database_url_invalid", "The database URL must begin with postgres:// or postgresql://.");
  }
  let client: pg.Client;
  try {
    client = new pg.Client({ connectionString: url });
  } catch (error) {
    // The cause is left out on purpose: it may quote the URL.
    throw new StartupError("database_url_invalid", `The database URL cannot be read: ${redact(oneLine(error), url)}.`);
  }
  return `${client.host}:${client.port}/${client.database ?? ""}`;
}

function redact(message: string, url: string): string {
  return message.replaceAll(url, "<url>");
}
