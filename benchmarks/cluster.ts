import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { systemClock } from "../packages/server/src/clock.ts";
import { createLog } from "../packages/server/src/log.ts";
import { findBinaries } from "../packages/server/src/postgres/binaries.ts";
import { startCluster, type Cluster } from "../packages/server/src/postgres/cluster.ts";
import { EMBEDDED_ROLE } from "../packages/server/src/postgres/embedded-database.ts";
import { initializeCluster } from "../packages/server/src/postgres/initialize-cluster.ts";
import { createPool } from "../packages/server/src/postgres/pool.ts";
import { stopPostmaster } from "../packages/server/src/postgres/postmaster.ts";
import { currentProcess, isRunning, type ProcessIdentity } from "../packages/server/src/postgres/process-identity.ts";
import { makeRunnable } from "../packages/server/src/postgres/runnable-binaries.ts";
import { chooseAccount } from "../packages/server/src/postgres/unprivileged-user.ts";
import { openPool, type Pool } from "./database.ts";

/**
 * As an operator would run it: everything durable, autovacuum on. `wal_compression` is off, as PostgreSQL's default is;
 * checkpoints come when the protocol asks for one, and not in the middle of a measurement.
 */
export const SERVER_SETTINGS = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  autovacuum: "on",
  wal_compression: "off",
  shared_buffers: "256MB",
  maintenance_work_mem: "128MB",
  min_wal_size: "1GB",
  max_wal_size: "8GB",
  checkpoint_timeout: "1h",
};

const PREFIX = "shelflife-benchmark-postgres-";

/** A PostgreSQL of its own in a temporary folder on the disk, never in memory; gone with everything in it at the end. */
export class BenchmarkCluster implements AsyncDisposable {
  /** Of PostgreSQL. */
  readonly version: string;
  /** Of the maintenance database. */
  readonly pool: Pool;
  readonly #folder: string;
  readonly #url: string;
  #databases = 0;

  private constructor({ folder, url, pool, version }: { folder: string; url: string; pool: Pool; version: string }) {
    this.#folder = folder;
    this.#url = url;
    this.pool = pool;
    this.version = version;
  }

  static async start(): Promise<BenchmarkCluster> {
    await removeLeftovers();
    const folder = mkdtempSync(join(tmpdir(), PREFIX));
    // The account that the server runs as has to get through to its data.
    chmodSync(folder, 0o711);
    writeFileSync(join(folder, "owner.json"), JSON.stringify(currentProcess()));
    try {
      const password = randomBytes(16).toString("hex");
      const account = chooseAccount();
      const cluster: Cluster = {
        binaries: await makeRunnable(findBinaries(), { account, log: createLog("error") }),
        dataDirectory: join(folder, "data"),
        logFile: join(folder, "log"),
        account,
        settings: SERVER_SETTINGS,
      };
      const options = { clock: systemClock, deadline: systemClock.monotonic() + 60_000 };
      await initializeCluster(cluster, password, options);
      const { port } = await startCluster(cluster, options);
      const url = `postgres://${EMBEDDED_ROLE}:${password}@127.0.0.1:${port}/postgres`;
      const pool = createPool({
        url,
        applicationName: "benchmark",
        log: createLog("error"),
        max: 2,
        statementTimeoutMs: 0,
      });
      const { rows } = await pool.query<{ version: string }>("SELECT current_setting('server_version') AS version");
      return new BenchmarkCluster({ folder, url, pool, version: rows[0]?.version ?? "" });
    } catch (error) {
      await removeCluster(folder);
      throw error;
    }
  }

  /** An empty database, or a copy of another one, which nobody may be connected to meanwhile. */
  async createDatabase(copyOf?: BenchmarkDatabase): Promise<BenchmarkDatabase> {
    this.#databases += 1;
    const name = `benchmark_${this.#databases}`;
    await copyOf?.disconnect();
    const template = copyOf === undefined ? "" : ` TEMPLATE ${copyOf.name} STRATEGY FILE_COPY`;
    await this.pool.query(`CREATE DATABASE ${name}${template}`);
    return new BenchmarkDatabase(this.pool, name, this.#url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end();
    await removeCluster(this.#folder);
  }
}

export class BenchmarkDatabase implements AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly #admin: Pool;
  #pool: Pool | undefined;

  constructor(admin: Pool, name: string, adminUrl: string) {
    this.name = name;
    this.#admin = admin;
    const url = new URL(adminUrl);
    url.pathname = `/${name}`;
    this.url = url.href;
  }

  get pool(): Pool {
    this.#pool ??= openPool(this.url);
    return this.#pool;
  }

  async disconnect(): Promise<void> {
    await this.#pool?.end();
    this.#pool = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect();
    await this.#admin.query(`DROP DATABASE ${this.name} WITH (FORCE)`);
  }
}

/** What a killed run left behind: its server still runs, and its folder is still there. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    try {
      const owner = JSON.parse(readFileSync(join(folder, "owner.json"), "utf8")) as ProcessIdentity;
      if (!isRunning(owner)) await removeCluster(folder);
    } catch {
      // Another run is just creating or removing it, or it belongs to another user. Either way it is not in our way.
    }
  }
}

async function removeCluster(folder: string): Promise<void> {
  await stopPostmaster(join(folder, "data"), { clock: systemClock, timeoutMs: 60_000 });
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
