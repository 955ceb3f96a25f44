import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, fchownSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import type { Clock } from "../clock.ts";
import type { PostgresBinaries } from "./binaries.ts";
import {
  endAbandonedSessions,
  findFreePort,
  findPostmaster,
  type Postmaster,
  removeStalePidFile,
  waitUntilGone,
} from "./postmaster.ts";
import { oneLine, StartupError } from "./startup-error.ts";
import { type Account, asAccount } from "./unprivileged-user.ts";

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
    // In the data directory and not in /dev/shm: a container has 64 MB of that, and a killed server leaves its share there.
    dynamic_shared_memory_type: "mmap",
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
  try {
    for (;;) {
      signal?.throwIfAborted();
      const postmaster = findPostmaster(dataDirectory);
      if (postmaster?.status === "ready") return postmaster;
      if (clock.monotonic() >= deadline) throw startFailure("it was not ready in time", child?.log());
      if (postmaster?.status === "stopping") {
        await waitUntilGone(postmaster, { clock, timeoutMs: deadline - clock.monotonic(), signal });
      } else if (postmaster === undefined && child === undefined) {
        removeStalePidFile(dataDirectory);
        child = await spawnPostmaster(cluster);
      } else if (child?.ended() === true) {
        const log = child.log();
        child = undefined;
        if (!log.some((line) => PASSING_FAILURES.test(line))) throw startFailure("the server ended", log);
        endAbandonedSessions(dataDirectory);
        await clock.sleep(100, signal);
      } else {
        await clock.sleep(20, signal);
      }
    }
  } finally {
    // One that has come as far as its entry in the data directory can be found there; this one nobody would find again.
    if (findPostmaster(dataDirectory) === undefined) child?.kill();
  }
}

/**
 * What a second try mends: the port was taken meanwhile; another postmaster was quicker; sessions of a killed postmaster
 * are just ending.
 */
const PASSING_FAILURES =
  /Address already in use|could not create any TCP\/IP sockets|lock file "postmaster\.pid"|pre-existing shared memory block/;

/** In bytes. Looked at whenever the server starts; the log before it is kept as `log.1`. */
const LARGEST_LOG = 10_000_000;

interface StartedPostmaster {
  kill(): void;
  ended(): boolean;
  /** What the server wrote since it was started. */
  log(): string[];
}

async function spawnPostmaster(cluster: Cluster): Promise<StartedPostmaster> {
  const { binaries, dataDirectory, account, logFile } = cluster;
  const port = await findFreePort();
  if (existsSync(logFile) && statSync(logFile).size > LARGEST_LOG) renameSync(logFile, `${logFile}.1`);
  const logHandle = openSync(logFile, "a", 0o600);
  if (account !== undefined) fchownSync(logHandle, account.uid, account.gid);
  const logStart = statSync(logFile).size;
  let child: ChildProcess;
  try {
    const settings = Object.entries(serverSettings(cluster)).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    child = spawn(binaries.postgres, ["-D", dataDirectory, "-p", String(port), ...settings], {
      ...serverProcess(account),
      stdio: ["ignore", logHandle, logHandle],
    });
    await once(child, "spawn");
  } catch (error) {
    throw startFailure(oneLine(error), [], error);
  } finally {
    closeSync(logHandle);
  }
  child.unref();
  return {
    kill: () => child.kill("SIGKILL"),
    ended: () => child.exitCode !== null || child.signalCode !== null,
    log: () => readFileSync(logFile).subarray(logStart).toString("utf8").split("\n"),
  };
}

/**
 * A session of its own keeps Ctrl-C in a terminal away from the server, which has to outlive the last query of its users.
 * Nothing of our environment is handed down: PGDATA, PGPORT or LC_ALL would change what the server does.
 */
export function serverProcess(account: Account | undefined) {
  return {
    cwd: "/",
    detached: true,
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC" },
    ...asAccount(account),
  };
}

/** One error of one line, with the line of the server's log that most likely tells why. */
export function startFailure(what: string, log: readonly string[] = [], cause?: unknown): StartupError {
  const serverLog = log.filter((line) => line.trim() !== "").slice(-20);
  const reason = serverLog.findLast((line) => /FATAL|PANIC|error:/.test(line)) ?? serverLog.at(-1);
  return new StartupError(
    "embedded_postgres_failed",
    `The embedded PostgreSQL could not be started: ${what}${reason === undefined ? "" : ` (${reason.trim()})`}.`,
    { serverLog, ...(cause === undefined ? {} : { cause }) },
  );
}
