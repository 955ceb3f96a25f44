import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import { systemClock, type Clock } from "../packages/server/src/clock.ts";
import { readConfig } from "../packages/server/src/config.ts";
import { openDatabaseAccess, type DatabaseAccess } from "../packages/server/src/database-access.ts";
import { buildApp } from "../packages/server/src/http/app.ts";
import { ForegroundLoad } from "../packages/server/src/http/foreground-load.ts";
import { listen } from "../packages/server/src/http/listen.ts";
import { createLog } from "../packages/server/src/log.ts";
import { createRegistry } from "../packages/server/src/metrics/registry.ts";
import { purgeDependencies } from "../packages/server/src/purge-service.ts";
import type { Pace } from "../packages/server/src/retention/pace.ts";
import { purgeWithoutLoop } from "../packages/server/src/retention/purge-control.ts";
import { runPurgeTick, type PurgeTickDependencies } from "../packages/server/src/retention/purge-tick.ts";
import type { PolicyReport } from "../packages/server/src/retention/run-policy.ts";
import { configuredSignIn } from "../packages/server/src/sign-in/configured-sign-in.ts";
import type { Store } from "../packages/server/src/store/store.ts";
import { sum } from "./statistics.ts";

/** What a purge did until nothing expired was left. */
export interface PurgeOutcome {
  readonly ms: number;
  /** Of that, what the deletion of runs took with its pauses; the rest went into payload partitions. */
  readonly runsMs: number;
  /** Runs that were deleted. */
  readonly runs: number;
  /** Payload partitions that were dropped. */
  readonly partitions: number;
  /** The batches of runs, in order. */
  readonly batches: readonly { readonly ms: number; readonly runs: number }[];
}

/**
 * The server as it runs in production, put together from the same parts and with the same defaults. Only this file of the
 * benchmark knows how those parts are put together.
 */
export interface Production extends AsyncDisposable {
  readonly access: DatabaseAccess;
  readonly store: Store;
  /** Puts the purge's clock to a moment, from which it goes on. */
  setNow(now: Date): void;
  /** Sets the retention window of debug runs, in days. */
  setWindow(days: number): Promise<void>;
  /** Serves HTTP on the loopback, and answers its URL. The purge of this process stands back while requests are slow. */
  serve(): Promise<string>;
  /** Runs one tick after another, as the loop does, until none is ended by its time budget. */
  purge(changes?: Partial<Pace>): Promise<PurgeOutcome>;
}

export async function openProduction(url: string): Promise<Production> {
  let offsetMs = 0;
  const clock: Clock = { ...systemClock, now: () => new Date(systemClock.now().getTime() + offsetMs) };
  const log = createLog("error");
  const config = readConfig({
    SHELFLIFE_DATABASE_URL: url,
    SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:0",
    SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true",
  });
  const access = await openDatabaseAccess(config, { clock, log, applicationName: "shelflife" });
  const registry = createRegistry();
  const load = new ForegroundLoad(clock, config.SHELFLIFE_PURGE_SLOW_REQUEST_MS);
  const dependencies = purgeDependencies(config, {
    access,
    clock,
    log,
    registry,
    isForegroundSlow: () => load.isSlow(),
  });
  const closing: (() => Promise<void>)[] = [() => access.close()];

  return {
    access,
    store: access.store,
    setNow(now) {
      offsetMs = now.getTime() - systemClock.now().getTime();
    },
    async setWindow(days) {
      await access.store.changeRetentionWindow(RETENTION_SETTINGS["debug-retention-days"], days, { userId: null });
    },
    async serve() {
      const { database, store } = access;
      const listeningUrl = (): string => "http://127.0.0.1";
      const app = buildApp({
        store,
        clock,
        log,
        registry,
        signIn: await configuredSignIn(config, { database, store, clock, log, listeningUrl }),
        checkReadiness: () => Promise.resolve({ ready: true }),
        recordingForced: config.SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED,
        purge: purgeWithoutLoop(dependencies),
        observeRequest: (ms) => load.observe(ms),
      });
      const listener = await listen(app.fetch, config.SHELFLIFE_HTTP_ADDRESS, clock);
      closing.push(() => listener.close());
      return listener.url;
    },
    purge: (changes = {}) =>
      purgeUntilDone({
        ...dependencies,
        pace: { ...dependencies.pace, ...changes },
        // The database's clock does not follow when the benchmark moves ours.
        readDatabaseTime: () => Promise.resolve(clock.now()),
      }),
    async [Symbol.asyncDispose]() {
      for (const close of closing.splice(0).toReversed()) await close();
    },
  };
}

async function purgeUntilDone(dependencies: PurgeTickDependencies): Promise<PurgeOutcome> {
  const batches: { ms: number; runs: number }[] = [];
  const timed: PurgeTickDependencies = { ...dependencies, store: timeBatches(dependencies.store, batches) };
  const started = performance.now();
  const reports: PolicyReport[] = [];
  for (;;) {
    const { outcome, policies, error } = await runPurgeTick(timed, new AbortController().signal);
    if (outcome !== "success")
      throw new Error(`The purge ended with ${outcome}: ${JSON.stringify({ policies, error })}`);
    reports.push(...policies);
    if (!policies.some((policy) => policy.budgetEnded)) break;
  }
  const ms = performance.now() - started;
  const of = (recordType: string): PolicyReport[] => reports.filter((report) => report.recordType === recordType);
  const runs = of("chat_debug_runs");
  return {
    ms,
    runsMs: sum(runs.map(({ durationMs }) => durationMs)),
    runs: sum(runs.map(({ deleted }) => deleted)),
    partitions: sum(of("chat_debug_payload_partitions").map(({ deleted }) => deleted)),
    batches,
  };
}

/** The same store, which notes how long each batch of runs took. */
function timeBatches(store: Store, batches: { ms: number; runs: number }[]): Store {
  return {
    ...store,
    async purgeDebugRunBatch(request) {
      const started = performance.now();
      const result = await store.purgeDebugRunBatch(request);
      if (result.deleted > 0) batches.push({ ms: performance.now() - started, runs: result.deleted });
      return result;
    },
  };
}
