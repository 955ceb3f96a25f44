import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { pino } from "pino";
import { afterAll, inject, onTestFinished } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { type EmbeddedPostgres, useEmbeddedPostgres } from "../../src/postgres/embedded.ts";
import { makeScratchFolder, removeScratchFolder } from "./scratch-folder.ts";
import { until } from "../until.ts";
import { LIMIT_MS, THROW_AWAY_SETTINGS } from "./test-cluster.ts";

/** What the tests change of the options. Must survive JSON, to be handed to another process. */
export interface Options {
  settings?: Record<string, string>;
  systemFolder?: string;
  binariesPackage?: string;
  timeoutMs?: number;
}

/** A folder that goes away at the end of the test, with whatever server runs in it. */
export function temporaryFolder(options: { mode?: number; parent?: string } = {}): string {
  const folder = makeScratchFolder(options);
  onTestFinished(() => removeScratchFolder(folder));
  return folder;
}

let initialized: Promise<string> | undefined;

/**
 * A data directory with a cluster in it that has run before. It is a copy, since making a new cluster takes most of the
 * time of a first start, and few tests are about that.
 */
export async function initializedFolder(): Promise<string> {
  initialized ??= initializeOnce();
  const dataDir = temporaryFolder();
  execFileSync("cp", ["-a", `${await initialized}/.`, dataDir]);
  return dataDir;
}

async function initializeOnce(): Promise<string> {
  const dataDir = makeScratchFolder();
  removedAtTheEnd.push(dataDir);
  const log = pino({ level: "silent" });
  const embedded = await useEmbeddedPostgres({ ...completeOptions({}), dataDir, clock: systemClock, log });
  await embedded.stop();
  return dataDir;
}

const removedAtTheEnd: string[] = [];

afterAll(() => Promise.all(removedAtTheEnd.map(removeScratchFolder)));

function completeOptions(options: Options): Options {
  const binariesPackage = inject("postgres").binariesPackage;
  return {
    ...(binariesPackage === null ? {} : { binariesPackage }),
    timeoutMs: LIMIT_MS,
    ...options,
    settings: { ...THROW_AWAY_SETTINGS, ...options.settings },
  };
}

/** Uses the cluster of a data directory in this process. */
export async function useHere(
  dataDir: string,
  { signal, ...options }: Options & { signal?: AbortSignal } = {},
): Promise<EmbeddedPostgres> {
  const embedded = await useEmbeddedPostgres({
    ...completeOptions(options),
    dataDir,
    clock: systemClock,
    log: pino({ level: "silent" }),
    ...(signal === undefined ? {} : { signal }),
  });
  onTestFinished(() => embedded.stop());
  return embedded;
}

export interface UserProcess {
  readonly process: ChildProcess;
  /** Resolves with the first such report, and rejects where the process ends without one. */
  event(name: "ready" | "told" | "stopped" | "failed"): Promise<Record<string, string>>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<unknown>;
}

/** Uses the cluster of a data directory in another process. */
export function useElsewhere(dataDir: string, options: Options = {}, spawnOptions: SpawnOptions = {}): UserProcess {
  const script = fileURLToPath(new URL("embedded-user.ts", import.meta.url));
  const argument = JSON.stringify({ ...completeOptions(options), dataDir });
  const child = spawn(process.execPath, ["--conditions=@shelflife/source", script, argument], {
    stdio: ["ignore", "pipe", "inherit"],
    ...spawnOptions,
  });
  const reports: Record<string, string>[] = [];
  const listeners = new Set<() => void>();
  const ended = once(child, "close");
  createInterface({ input: child.stdout! }).on("line", (line) => {
    reports.push(JSON.parse(line) as Record<string, string>);
    for (const listener of listeners) listener();
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    process: child,
    ended,
    async event(name) {
      const arrived = new Promise<Record<string, string>>((resolve) => {
        const look = (): void => {
          const found = reports.find((report) => report["event"] === name);
          if (found !== undefined) resolve(found);
        };
        listeners.add(look);
        look();
      });
      const failed = ended.then(() => {
        throw new Error(`The process ended without "${name}": ${JSON.stringify(reports)}`);
      });
      return Promise.race([arrived, failed]);
    },
  };
}

/** Runs one statement on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  // A server that is killed under a test ends its connections, too.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Resolves once the condition holds. It is about another process, whose progress has no other signal than its traces. */
export function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  return until(String(condition), condition, 2);
}
