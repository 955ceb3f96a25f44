import { fileURLToPath } from "node:url";

import type { Registry } from "prom-client";

import { authorizedStore } from "./authz/authorized-store.ts";
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { openDatabaseAccess, type DatabaseAccess } from "./database-access.ts";
import { buildApp } from "./http/app.ts";
import { ForegroundLoad } from "./http/foreground-load.ts";
import { listen } from "./http/listen.ts";
import type { ReadinessCheck } from "./http/routes/operations.ts";
import type { Log } from "./log.ts";
import { lagMetrics } from "./metrics/lag-metrics.ts";
import { createRegistry } from "./metrics/registry.ts";
import { pendingMigrations } from "./postgres/migrate.ts";
import { purgeDependencies } from "./purge-service.ts";
import { startStaleFinaliser } from "./recording/stale-finaliser.ts";
import { startPurgeLoop, type PurgeLoop } from "./retention/purge-loop.ts";
import { measureLags } from "./retention/lag.ts";
import { runPurgeTick, type PurgeTickDependencies, type TickReport } from "./retention/purge-tick.ts";
import { configuredSignIn } from "./sign-in/configured-sign-in.ts";
import { issueSetUpLink } from "./sign-in/set-up-link.ts";
import { readWindowOutlooks } from "./retention/window-outlook.ts";
import { startBanner } from "./start-banner.ts";
import type { DebugLoggingPolicy } from "./store/debug-logging.ts";
import type { Store } from "./store/store.ts";

/** Where the web interface is built. */
const WEB_FOLDER = fileURLToPath(new URL("../../web/dist", import.meta.url));

export interface RunningServer {
  readonly url: string;
  /** What it uses, where it listens and what it keeps, for the console. */
  readonly banner: string;
  stop(): Promise<void>;
}

/** Builds everything and starts it. Only this file constructs what the rest of the server is given. */
export async function startServer(config: Config, log: Log, signal: AbortSignal): Promise<RunningServer> {
  const clock = systemClock;
  const access = await openDatabaseAccess(config, { clock, log, applicationName: "shelflife", signal });
  const closing: (() => Promise<void>)[] = [() => access.close()];
  const stop = async (): Promise<void> => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    const registry = createRegistry();
    const load = new ForegroundLoad(clock, config.SHELFLIFE_PURGE_SLOW_REQUEST_MS);
    const purge = purgeDependencies(config, { access, clock, log, registry, isForegroundSlow: () => load.isSlow() });
    const { database, store } = access;
    let listeningUrl = "";
    const signIn = await configuredSignIn(config, { database, store, clock, log, listeningUrl: () => listeningUrl });
    let loop: PurgeLoop | null = null;
    const app = buildApp({
      store,
      clock,
      log,
      registry,
      checkReadiness: readinessOf(access),
      signIn,
      publicUrl: config.SHELFLIFE_PUBLIC_URL,
      trustedProxies: config.SHELFLIFE_TRUSTED_PROXIES,
      recordingForced: config.SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED,
      purge: {
        policies: purge.policies,
        graceMs: purge.graceMs,
        enabled: purge.enabled,
        nextTickAt: () => loop?.nextTickAt() ?? null,
        runNow: () => loop?.runNow() ?? false,
      },
      observeRequest: (ms) => load.observe(ms),
      // Over the connections of requests: a scrape must not take those of the purge's lock, batch and cancelling.
      refreshMetrics: refreshLag({ ...purge, store: authorizedStore(store, { kind: "purger" }) }, registry),
      webFolder: WEB_FOLDER,
    });
    const listener = await listen(app.fetch, config.SHELFLIFE_HTTP_ADDRESS, clock);
    listeningUrl = listener.url;
    closing.push(() => listener.close());
    const operator = authorizedStore(store, { kind: "operator" });
    const setUpLink = await issueSetUpLink(operator, clock, config.SHELFLIFE_PUBLIC_URL ?? listener.url);
    closing.push(async () => setUpLink?.withdraw());

    // Before the first purge, which may take what is listed here.
    const outlook = { store: operator, clock, log, purge };
    const banner = startBanner({
      config,
      access,
      url: listener.url,
      debugLogging: await readDebugLogging(operator),
      windows: await readWindowOutlooks(outlook, signal),
      setUpLink,
    });

    // Whoever could not listen is not the server, and must not purge: the loop starts last.
    const finaliser = startStaleFinaliser({ store: authorizedStore(store, { kind: "finaliser" }), clock, log });
    closing.push(() => finaliser.stop());
    const started = startPurgeLoop({ runTick: (stopping) => runMaintenance(purge, stopping), clock, log });
    loop = started;
    closing.push(() => started.stop());
    return { url: listener.url, banner, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * What the loop does every time, also where the purge is off: partitions for what is recorded next, an end to sessions
 * that have expired, and nothing left of traces that are over; then the purge.
 */
async function runMaintenance(purge: PurgeTickDependencies, stopping: AbortSignal): Promise<TickReport> {
  try {
    await purge.store.preparePayloadPartitions(purge.clock.now());
  } catch (error) {
    // An insert that finds no partition makes it, so that this costs no more than a little time.
    purge.log.warn({ err: error }, "payload partitions could not be made ahead of time");
  }
  try {
    await purge.store.forgetExpiredSignIns();
    await purge.store.forgetOldTraces();
  } catch (error) {
    // What has expired is worth nothing already; it only takes room until the next time.
    purge.log.warn({ err: error }, "expired sessions, or what is known of old traces, could not be deleted");
  }
  return runPurgeTick(purge, stopping);
}

/** Measures the lag for whoever scrapes; a database that does not answer leaves the other metrics readable. */
function refreshLag(purge: PurgeTickDependencies, registry: Registry): () => Promise<void> {
  const metrics = lagMetrics(registry);
  return async () => {
    try {
      metrics.update(await measureLags(purge.policies, purge), await purge.store.measurePayloadBytes());
    } catch (error) {
      metrics.clear();
      purge.log.debug({ err: error }, "the retention lag could not be measured");
    }
  };
}

function readinessOf(access: DatabaseAccess): ReadinessCheck {
  return async () => {
    try {
      const pending = await pendingMigrations(access.pool);
      if (pending.length === 0) return { ready: true };
      return { ready: false, reason: `${pending.length} migrations have not been applied` };
    } catch {
      return { ready: false, reason: "the database does not answer" };
    }
  };
}

async function readDebugLogging(store: Store): Promise<DebugLoggingPolicy | undefined> {
  try {
    return await store.readDebugLogging();
  } catch {
    return undefined;
  }
}
