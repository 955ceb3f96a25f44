import type { Pool } from "pg";
import type { Clock } from "../clock.ts";
import { describeDatabase } from "./pool.ts";
import { oneLine, StartupError } from "./startup-error.ts";

/** Failures of the network that a database which is just being started explains. */
const RETRIED_NETWORK_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
]);

/**
 * SQLSTATEs that pass by themselves: cannot_connect_now (starting up, shutting down or recovering), admin_shutdown,
 * crash_shutdown, too_many_connections, and the class of connection exceptions.
 */
const RETRIED_SQLSTATES = /^(57P0[123]|53300|08...)$/;

/** What pg itself reports, without a code, when the other side hangs up or stays silent. */
const RETRIED_MESSAGES =
  /^Connection terminated|^timeout exceeded when trying to connect|^timeout expired|^Client network socket disconnected/;

export interface WaitForDatabaseOptions {
  clock: Clock;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Resolves once the database answers a query. A database that is not up yet is tried again until the time is up; one
 * that refuses us is an error at once, because waiting does not mend a wrong password.
 */
export async function waitForDatabase(
  pool: Pool,
  { clock, timeoutMs = 30_000, signal }: WaitForDatabaseOptions,
): Promise<void> {
  const database = describeDatabase(pool.options.connectionString ?? "");
  const deadline = clock.monotonic() + timeoutMs;
  let lastFailure = "no answer";
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
    const failure = await attempt(pool, clock, deadline - clock.monotonic(), signal);
    signal?.throwIfAborted();
    if (failure === undefined) return;
    if (failure !== TIMED_OUT) {
      if (!isTemporary(failure)) {
        throw new StartupError("database_refused", `The database ${database} refuses us: ${oneLine(failure)}.`, {
          cause: failure,
        });
      }
      lastFailure = oneLine(failure);
    }
    const remaining = deadline - clock.monotonic();
    if (remaining <= 0) {
      throw new StartupError(
        "database_unreachable",
        `The database ${database} could not be reached within ${timeoutMs / 1_000} seconds: ${lastFailure}.`,
        failure === TIMED_OUT ? {} : { cause: failure },
      );
    }
    await clock.sleep(Math.min(pauseMs, remaining), signal);
    signal?.throwIfAborted();
  }
}

const TIMED_OUT = Symbol("timed out");

/** One try, which never outlasts `limitMs`: a server that accepts and then stays silent must not hold up the verdict. */
async function attempt(pool: Pool, clock: Clock, limitMs: number, signal: AbortSignal | undefined): Promise<unknown> {
  const settled = new AbortController();
  const limit = signal === undefined ? settled.signal : AbortSignal.any([settled.signal, signal]);
  try {
    return await Promise.race([
      pool.query("select 1").then(
        () => undefined,
        (error: unknown) => error,
      ),
      clock.sleep(Math.max(limitMs, 0), limit).then(() => TIMED_OUT),
    ]);
  } finally {
    settled.abort();
  }
}

/** Whether a connection failed for a reason that passes by itself. */
export function isTemporary(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return RETRIED_NETWORK_CODES.has(code) || RETRIED_SQLSTATES.test(code) || RETRIED_MESSAGES.test(error.message);
}
