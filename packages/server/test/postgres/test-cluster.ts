import { randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { systemClock } from "../../src/clock.ts";
import { findBinaries } from "../../src/postgres/binaries.ts";
import { type Cluster, startCluster } from "../../src/postgres/cluster.ts";
import { EMBEDDED_ROLE } from "../../src/postgres/embedded-database.ts";
import { initializeCluster } from "../../src/postgres/initialize-cluster.ts";
import { stopPostmaster } from "../../src/postgres/postmaster.ts";
import { currentProcess, isRunning, type ProcessIdentity } from "../../src/postgres/process-identity.ts";
import { makeRunnable } from "../../src/postgres/runnable-binaries.ts";
import { chooseAccount } from "../../src/postgres/unprivileged-user.ts";

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

const PREFIX = "shelflife-test-postgres-";

const IN_MEMORY = "/dev/shm";

/**
 * Where throw-away clusters live. A test's database is some four hundred small files, which takes 10 ms to copy in memory,
 * and up to 400 ms on a disk.
 */
export function scratchFolder(): string {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    accessSync(IN_MEMORY, constants.W_OK);
    // Containers have 64 MB by default.
    if (bavail * bsize > 2_000_000_000) return IN_MEMORY;
  } catch {
    // Not every system has it.
  }
  return tmpdir();
}

export interface TestCluster {
  readonly folder: string;
  /** Of the maintenance database, as the owner of everything. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a cluster in a temporary folder, which `stop` removes. */
export async function startTestCluster(binariesPackage?: string): Promise<TestCluster> {
  await removeLeftovers();
  const folder = mkdtempSync(join(scratchFolder(), PREFIX));
  // The account that the server runs as has to get through to its data.
  chmodSync(folder, 0o711);
  writeFileSync(join(folder, "owner.json"), JSON.stringify(currentProcess()));
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
    const options = { clock: systemClock, deadline: systemClock.monotonic() + 30_000 };
    await initializeCluster(cluster, password, options);
    const { port } = await startCluster(cluster, options);
    return {
      folder,
      url: `postgres://${EMBEDDED_ROLE}:${password}@127.0.0.1:${port}/postgres`,
      stop: () => removeCluster(folder),
    };
  } catch (error) {
    await removeCluster(folder);
    throw error;
  }
}

/** What a killed run left behind: its server still runs, and its folder is still there. */
async function removeLeftovers(): Promise<void> {
  const parent = scratchFolder();
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(parent, name);
    try {
      const owner = JSON.parse(readFileSync(join(folder, "owner.json"), "utf8")) as ProcessIdentity;
      if (!isRunning(owner)) await removeCluster(folder);
    } catch {
      // Another run is just creating or removing it, or it belongs to another user. Either way it is not in our way.
    }
  }
}

async function removeCluster(folder: string): Promise<void> {
  await stopPostmaster(join(folder, "data"), { clock: systemClock, timeoutMs: 5_000 });
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
