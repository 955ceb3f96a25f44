import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../clock.ts";
import type { PostgresBinaries } from "./binaries.ts";
import { findFreePort, findPostmaster, type Postmaster, removeStalePidFile, waitUntilGone } from "./postmaster.ts";
import { oneLine, StartupError } from "./startup-error.ts";
import type { Account } from "./unprivileged-user.ts";

/** The role that owns everything in an embedded cluster, and the name of its database. */
export const EMBEDDED_ROLE = "shelflife";

/** One PostgreSQL data directory and what is needed to run it. */
export interface Cluster {
  readonly binaries: PostgresBinaries;
  readonly dataDirectory: string;
  /** Takes what the server has to say. We open it, so it may lie where the account cannot reach. */
  readonly logFile: string;
  /** Who runs the server. Left out: whoever runs this process. */
  readonly account?: Account | undefined;
  /** Server settings on top of ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** For a small database beside its one application. Settings that touch security come last, and cannot be overridden. */
function serverSettings({ settings }: Cluster): Record<string, string> {
  return {
    shared_buffers: "128MB",
    max_connections: "100",
    wal_compression: "on",
    // Bounds how much a start after a crash has to read again.
    max_wal_size: "512MB",
    jit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "%m [%p] ",
    log_checkpoints: "off",
    ...settings,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    logging_collector: "off",
  };
}

/**
 * Makes a new data directory. It is built under another name, and gets its own only when it is complete: a directory that
 * is there can always be started.
 */
export async function initializeCluster(cluster: Cluster, password: string): Promise<void> {
  const { binaries, dataDirectory, account, settings } = cluster;
  const building = `${dataDirectory}.initializing-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  const passwordFile = `${building}.password`;
  mkdirSync(building, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600, flag: "wx" });
  if (account !== undefined) {
    for (const path of [building, passwordFile]) chownSync(path, account.uid, account.gid);
  }
  try {
    const child = spawn(
      binaries.initdb,
      [
        `--pgdata=${building}`,
        `--username=${EMBEDDED_ROLE}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        // The builtin provider sorts and folds case alike on every system and after every upgrade of the system.
        ...(binaries.major >= 17
          ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
          : ["--locale=C.UTF-8"]),
        ...(settings?.["fsync"] === "off" ? ["--no-sync"] : []),
      ],
      { ...spawnOptions(account), stdio: ["ignore", "pipe", "pipe"] },
    );
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => output.push(chunk));
    }
    const [exitCode] = (await once(child, "close")) as [number | null];
    if (exitCode !== 0) throw failure("initdb failed", output.join("").split("\n"));
    renameSync(building, dataDirectory);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(building, { recursive: true, force: true, maxRetries: 5 });
  }
}

export interface StartOptions {
  clock: Clock;
  /** On `clock.monotonic()`. */
  deadline: number;
  signal?: AbortSignal | undefined;
}

/**
 * Returns the ready postmaster of the data directory: the running one where there is one, else a new one. Call it under
 * the cluster's lock. Two calls without it do no harm either, since PostgreSQL itself refuses a second postmaster.
 */
export async function startCluster(cluster: Cluster, { clock, deadline, signal }: StartOptions): Promise<Postmaster> {
  const { dataDirectory } = cluster;
  let child: StartedPostmaster | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const postmaster = findPostmaster(dataDirectory);
    if (postmaster?.status === "ready") return postmaster;
    if (clock.monotonic() >= deadline) {
      // It is left running: where it is still recovering from a crash, the next start finds it further on.
      throw failure("it was not ready in time", child?.log());
    }
    if (postmaster?.status === "stopping") {
      await waitUntilGone(postmaster, { clock, timeoutMs: deadline - clock.monotonic(), signal });
    } else if (postmaster === undefined && child === undefined) {
      removeStalePidFile(dataDirectory);
      child = await spawnPostmaster(cluster);
    } else if (child?.ended()) {
      const log = child.log();
      child = undefined;
      if (!log.some((line) => PASSING_FAILURES.test(line))) throw failure("the server ended", log);
      await clock.sleep(100, signal);
    } else {
      await clock.sleep(20, signal);
    }
  }
}

/**
 * What a second try mends: the port was taken meanwhile; another postmaster was quicker; sessions of a killed postmaster
 * are just ending.
 */
const PASSING_FAILURES =
  /Address already in use|could not create any TCP\/IP sockets|lock file "postmaster\.pid"|pre-existing shared memory block/;

interface StartedPostmaster {
  ended(): boolean;
  /** What the server wrote since it was started. */
  log(): string[];
}

async function spawnPostmaster(cluster: Cluster): Promise<StartedPostmaster> {
  const { binaries, dataDirectory, account, logFile } = cluster;
  const port = await findFreePort();
  const logHandle = openSync(logFile, "a", 0o600);
  const logStart = statSync(logFile).size;
  let child: ChildProcess;
  try {
    const settings = Object.entries(serverSettings(cluster)).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    child = spawn(binaries.postgres, ["-D", dataDirectory, "-p", String(port), ...settings], {
      ...spawnOptions(account),
      stdio: ["ignore", logHandle, logHandle],
    });
    await once(child, "spawn");
  } catch (error) {
    throw failure(oneLine(error), [], error);
  } finally {
    closeSync(logHandle);
  }
  child.unref();
  return {
    ended: () => child.exitCode !== null || child.signalCode !== null,
    log: () => readFileSync(logFile).subarray(logStart).toString("utf8").split("\n"),
  };
}

/**
 * A session of its own keeps Ctrl-C in a terminal away from the server, which has to outlive the last query of its users.
 * Nothing of our environment is handed down: PGDATA, PGPORT or LC_ALL would change what the server does.
 */
function spawnOptions(account: Account | undefined) {
  return {
    cwd: "/",
    detached: true,
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC" },
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  };
}

function failure(what: string, log: readonly string[] = [], cause?: unknown): StartupError {
  const serverLog = log.filter((line) => line.trim() !== "").slice(-20);
  const reason = serverLog.findLast((line) => /FATAL|PANIC|error:/.test(line));
  return new StartupError(
    "embedded_postgres_failed",
    `The embedded PostgreSQL could not be started: ${what}${reason === undefined ? "" : ` (${reason.trim()})`}.`,
    { serverLog, ...(cause === undefined ? {} : { cause }) },
  );
}
