import { authorizedStore } from "../authz/authorized-store.ts";
import { systemClock } from "../clock.ts";
import { readConfig, type Config } from "../config.ts";
import { openDatabaseAccess, type DatabaseAccess } from "../database-access.ts";
import { createLog, type Log } from "../log.ts";
import type { AuditOrigin } from "../store/audit.ts";
import type { Store } from "../store/store.ts";

/** Changes made here are audited as the command line's; who sat before it only the machine knows. */
export const COMMAND_LINE: AuditOrigin = { userId: null, subsystem: "cli" };

export interface CommandContext {
  readonly config: Config;
  readonly log: Log;
  readonly access: DatabaseAccess;
  /** The store as an operator may use it. */
  readonly store: Store;
  /** Aborts when the command is told to stop. */
  readonly signal: AbortSignal;
}

/** Runs a command directly against the database, with no server needed, and leaves nothing open behind it. */
export async function withDatabase<T>(run: (context: CommandContext) => Promise<T>): Promise<T> {
  const config = readConfig(process.env);
  // A command's own result is what its caller wants to see; a log is asked for by name.
  const log = createLog(process.env["SHELFLIFE_LOG_LEVEL"] ? config.SHELFLIFE_LOG_LEVEL : "warn");
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const { signal } = stopping;
  const access = await openDatabaseAccess(config, {
    clock: systemClock,
    log,
    applicationName: "shelflife-cli",
    signal,
  });
  try {
    return await run({ config, log, access, store: authorizedStore(access.store, { kind: "operator" }), signal });
  } finally {
    await access.close();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
