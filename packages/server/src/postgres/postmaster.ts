import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { commandLine, findProcess, isRunning, type ProcessIdentity, processesIn, worksIn } from "./process-identity.ts";
import { StartupError } from "./startup-error.ts";

/** PostgreSQL's main process, as it describes itself in the data directory. */
export interface Postmaster {
  readonly process: ProcessIdentity;
  readonly port: number;
  readonly status: "starting" | "ready" | "stopping";
}

const POLL_MS = 20;

/** The postmaster that runs on this data directory, whoever started it; nothing where none does. */
export function findPostmaster(dataDirectory: string): Postmaster | undefined {
  const lines = readPidFile(dataDirectory);
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const process = findProcess(pid);
  // After a crash the file is still there, and its number may have gone to an unrelated process since.
  if (process === undefined || !runsOn(pid, dataDirectory)) return undefined;
  const status = lines[7]?.trim();
  return {
    process,
    port: Number(lines[3]),
    status: status === "ready" || status === "stopping" ? status : "starting",
  };
}

/**
 * Removes the note of a crashed postmaster where its process number is in use again. PostgreSQL only asks whether there is
 * such a process, which in a container is the rule and not the exception, and would then refuse to start for ever.
 */
export function removeStalePidFile(dataDirectory: string): void {
  const pid = Number(readPidFile(dataDirectory)[0]);
  if (pid > 0 && findProcess(pid) !== undefined && !runsOn(pid, dataDirectory)) {
    rmSync(join(dataDirectory, "postmaster.pid"), { force: true });
  }
}

/**
 * Ends the sessions that outlived a killed postmaster. They notice its end only when they next wait for something, which a
 * long computation does not, and no new postmaster starts while one of them still uses the shared memory. What they had
 * not committed is lost with the crash anyway.
 */
export function endAbandonedSessions(dataDirectory: string): void {
  if (findPostmaster(dataDirectory) !== undefined) return;
  for (const pid of processesIn(dataDirectory)) {
    if (commandLine(pid).startsWith("postgres: ")) sendSignal(pid, "SIGQUIT");
  }
}

export interface StopOptions {
  clock: Clock;
  timeoutMs: number;
}

/** Shuts down as PostgreSQL's "fast": sessions are ended, everything is written. Resolves when the process is gone. */
export async function stopPostmaster(dataDirectory: string, { clock, timeoutMs }: StopOptions): Promise<void> {
  const postmaster = findPostmaster(dataDirectory);
  if (postmaster === undefined) return;
  sendSignal(postmaster.process.pid, "SIGINT");
  if (await waitUntilGone(postmaster, { clock, timeoutMs })) return;
  // "Immediate": nothing is lost, since the next start recovers as after a crash.
  sendSignal(postmaster.process.pid, "SIGQUIT");
  if (await waitUntilGone(postmaster, { clock, timeoutMs: 10_000 })) return;
  throw new StartupError(
    "embedded_postgres_failed",
    `The embedded PostgreSQL (process ${postmaster.process.pid}) does not stop.`,
  );
}

/** Whether it ended in time. */
export async function waitUntilGone(
  { process }: Postmaster,
  { clock, timeoutMs, signal }: StopOptions & { signal?: AbortSignal | undefined },
): Promise<boolean> {
  const deadline = clock.monotonic() + timeoutMs;
  while (isRunning(process)) {
    if (clock.monotonic() >= deadline) return false;
    await clock.sleep(POLL_MS, signal);
    signal?.throwIfAborted();
  }
  return true;
}

/** A port on which nobody listens at this moment. Another process may still be quicker than we are. */
export async function findFreePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    server.close(() => resolve(port));
  });
  return promise;
}

/** Signals a process, or as with `kill` the group of a negative number. One that has ended meanwhile needs none. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return;
    throw new StartupError(
      "embedded_postgres_failed",
      `The embedded PostgreSQL (process ${pid}) was started by another user and cannot be stopped by this one.`,
      { cause: error },
    );
  }
}

function readPidFile(dataDirectory: string): string[] {
  try {
    return readFileSync(join(dataDirectory, "postmaster.pid"), "utf8").split("\n");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** By its arguments, or by its working directory, which stays the same folder when that is moved to another path. */
function runsOn(pid: number, dataDirectory: string): boolean {
  return commandLine(pid).includes(` -D ${dataDirectory} `) || worksIn(pid, dataDirectory);
}
