import { join } from "node:path";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { findBinaries } from "./binaries.ts";
import { type Cluster, startCluster, startFailure, type StartOptions } from "./cluster.ts";
import { openClusterHome } from "./cluster-home.ts";
import { withClusterLock } from "./cluster-lock.ts";
import { openEmbeddedDatabase } from "./embedded-database.ts";
import { prepareData } from "./initialize-cluster.ts";
import { isInUse, type Lease, takeLease } from "./leases.ts";
import { findPostmaster, stopPostmaster } from "./postmaster.ts";
import { makeRunnable } from "./runnable-binaries.ts";
import { oneLine, StartupError } from "./startup-error.ts";
import { isTemporary } from "./wait-for-database.ts";

export interface EmbeddedPostgresOptions {
  /** Its folder `postgres` holds the cluster. */
  dataDir: string;
  clock: Clock;
  log: Logger;
  /** Gives up the start. */
  signal?: AbortSignal;
  timeoutMs?: number;
  /** The package with the binaries. Left out: this platform's. */
  binariesPackage?: string | undefined;
  /** Server settings on top of ours. */
  settings?: Readonly<Record<string, string>>;
  /** Where root puts what the server's account could not reach otherwise. */
  systemFolder?: string;
}

export interface EmbeddedPostgres {
  /** Holds the password: never log it. */
  readonly url: string;
  readonly version: string;
  /** Where the cluster lives: under the data directory, unless root had to put it elsewhere. */
  readonly directory: string;
  /** Ends this use. The last one to leave stops the server. */
  stop(): Promise<void>;
}

const STOP_TIMEOUT_MS = 30_000;

/**
 * Starts PostgreSQL for a data directory, or joins the one that runs there already: a server and the commands beside it
 * share one. Who uses it is noted in leases, and whoever leaves last stops it. A server whose users were all killed keeps
 * running, and belongs to the next one that comes.
 *
 * Everything that starts or stops happens under one lock, so that a start waits for a stop, and of two starts one starts.
 */
export async function useEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { clock, log, signal, timeoutMs = 30_000 } = options;
  const limits: StartOptions = { clock, deadline: clock.monotonic() + timeoutMs, signal };
  try {
    const cluster = await locateCluster(options);
    const lockFolder = join(cluster.folder, "lock");
    const { lease, ...database } = await withClusterLock(lockFolder, limits, () => enter(cluster, limits));
    log.debug({ version: database.version, directory: cluster.folder }, "the embedded PostgreSQL is ready");
    const stop = (): Promise<void> => {
      const deadline = clock.monotonic() + STOP_TIMEOUT_MS;
      return withClusterLock(lockFolder, { clock, deadline }, () => leave(cluster, lease, clock));
    };
    return { ...database, directory: cluster.folder, stop };
  } catch (error) {
    if (error instanceof StartupError || signal?.aborted === true) throw error;
    throw startFailure(oneLine(error), [], error);
  }
}

interface EmbeddedCluster extends Cluster {
  readonly folder: string;
}

async function locateCluster(options: EmbeddedPostgresOptions): Promise<EmbeddedCluster> {
  const { dataDir, log, systemFolder, settings = {} } = options;
  const installed = findBinaries(options.binariesPackage);
  const { folder, account } = openClusterHome({ dataDir, log, systemFolder });
  return {
    folder,
    binaries: await makeRunnable(installed, { account, log, systemFolder }),
    dataDirectory: join(folder, "data"),
    logFile: join(folder, "log"),
    account,
    settings,
  };
}

async function enter(
  cluster: EmbeddedCluster,
  limits: StartOptions,
): Promise<{ lease: Lease; url: string; version: string }> {
  // The lease comes first: were we killed right after the server's start, it would tell that nobody is left.
  const lease = takeLease(join(cluster.folder, "leases"));
  try {
    return { lease, ...(await startAndOpen(cluster, await prepareData(cluster, limits), limits)) };
  } catch (error) {
    // One that still recovers from a crash is left to it, or no start would ever see the end of a long recovery.
    const recovering = findPostmaster(cluster.dataDirectory)?.status === "starting";
    if (recovering && limits.signal?.aborted !== true) lease.release();
    else await leave(cluster, lease, limits.clock);
    throw error;
  }
}

async function startAndOpen(
  cluster: Cluster,
  password: string,
  limits: StartOptions,
): Promise<{ url: string; version: string }> {
  for (;;) {
    const { port } = await startCluster(cluster, limits);
    try {
      return await openEmbeddedDatabase(port, password);
    } catch (error) {
      // The server may have been told to stop just before we found it ready, by one that was killed right after.
      const { clock, deadline, signal } = limits;
      if (!isTemporary(error) || clock.monotonic() >= deadline) throw error;
      await clock.sleep(50, signal);
    }
  }
}

async function leave({ folder, dataDirectory }: EmbeddedCluster, lease: Lease, clock: Clock): Promise<void> {
  lease.release();
  if (!isInUse(join(folder, "leases"))) await stopPostmaster(dataDirectory, { clock, timeoutMs: STOP_TIMEOUT_MS });
}
