import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { pino } from "pino";
import { systemClock } from "../../src/clock.ts";
import { findBinaries } from "../../src/postgres/binaries.ts";
import { type Cluster, startCluster } from "../../src/postgres/cluster.ts";
import { EMBEDDED_ROLE } from "../../src/postgres/embedded-database.ts";
import { initializeCluster } from "../../src/postgres/initialize-cluster.ts";
import { makeRunnable } from "../../src/postgres/runnable-binaries.ts";
import { chooseAccount } from "../../src/postgres/unprivileged-user.ts";
import { makeScratchFolder, removeLeftovers, removeScratchFolder } from "./scratch-folder.ts";

/** Nothing in a test outlives a power failure, and waiting for the disk is most of what a small statement costs. */
export const THROW_AWAY_SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "300",
  max_wal_size: "1GB",
  checkpoint_timeout: "1h",
  autovacuum: "off",
};

/** A cluster is made in a second or two, and on a machine that has much else to do it may take minutes. */
export const LIMIT_MS = 180_000;

export interface TestCluster {
  readonly folder: string;
  /** Of the maintenance database, as the owner of everything. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a cluster in a temporary folder, which `stop` removes, after it has removed what killed runs left behind.
 *
 * @param parent where the folder is made, and looked for what was left behind; left out: wherever clusters of tests live
 */
export async function startTestCluster({
  binariesPackage,
  parent,
}: { binariesPackage?: string | undefined; parent?: string } = {}): Promise<TestCluster> {
  await removeLeftovers(parent === undefined ? {} : { parents: [parent] });
  const folder = makeScratchFolder(parent === undefined ? {} : { parent });
  const password = randomBytes(16).toString("hex");
  const account = chooseAccount();
  try {
    const log = pino({ level: "silent" });
    const cluster: Cluster = {
      binaries: await makeRunnable(findBinaries(binariesPackage), { account, log }),
      dataDirectory: join(folder, "data"),
      logFile: join(folder, "log"),
      account,
      settings: THROW_AWAY_SETTINGS,
    };
    const options = { clock: systemClock, deadline: systemClock.monotonic() + LIMIT_MS };
    await initializeCluster(cluster, password, options);
    const { port } = await startCluster(cluster, options);
    return {
      folder,
      url: `postgres://${EMBEDDED_ROLE}:${password}@127.0.0.1:${port}/postgres`,
      stop: () => removeScratchFolder(folder),
    };
  } catch (error) {
    await removeScratchFolder(folder);
    throw error;
  }
}
