import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { currentProcess, isRunning, type ProcessIdentity } from "./process-identity.ts";
import { StartupError } from "./startup-error.ts";

export interface LockOptions {
  clock: Clock;
  /** On `clock.monotonic()`. */
  deadline: number;
  signal?: AbortSignal | undefined;
}

/**
 * Runs `work` while no other process, and no other call in this one, runs any under the same folder.
 *
 * Node has no file locks that the system frees at a process's end, and deleting a dead holder's lock file is a race: two
 * that wait can both find it dead, and the slower one then deletes the lock of the quicker. So nobody deletes. Each hold
 * is a numbered file that names its holder, `1`, `2` and so on. The highest number counts; it is passed on once its
 * holder has marked it as free or has died, and whoever creates the next number first has the lock.
 */
export async function withClusterLock<T>(folder: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const number = await acquire(folder, options);
  try {
    return await work();
  } finally {
    renameSync(join(folder, String(number)), join(folder, `${number}.free`));
  }
}

async function acquire(folder: string, { clock, deadline, signal }: LockOptions): Promise<number> {
  for (;;) {
    signal?.throwIfAborted();
    const { highest, holder } = readLock(folder);
    if (holder === undefined) {
      const number = highest + 1;
      if (claim(folder, number)) {
        removeOlder(folder, number);
        return number;
      }
    } else {
      if (clock.monotonic() >= deadline) {
        throw new StartupError(
          "embedded_postgres_failed",
          `The embedded PostgreSQL is being started or stopped by process ${holder.pid}, which does not finish.`,
        );
      }
      await clock.sleep(25, signal);
    }
  }
}

/** The highest number so far, and the living process that holds it, if any. */
function readLock(folder: string): { highest: number; holder: ProcessIdentity | undefined } {
  const names = readdirSync(folder);
  const highest = Math.max(0, ...names.map(numberOf));
  if (!names.includes(String(highest))) return { highest, holder: undefined };
  try {
    const holder = JSON.parse(readFileSync(join(folder, String(highest)), "utf8")) as ProcessIdentity;
    return { highest, holder: isRunning(holder) ? holder : undefined };
  } catch (error) {
    // It was freed after we had listed it.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { highest, holder: undefined };
    throw error;
  }
}

/** Creates the file in one step with its content: a holder that is killed in between leaves no lock without a name. */
function claim(folder: string, number: number): boolean {
  const self = currentProcess();
  const draft = join(folder, `draft-${self.pid}-${crypto.randomUUID()}`);
  writeFileSync(draft, JSON.stringify(self));
  try {
    linkSync(draft, join(folder, String(number)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  // Others may have held and freed this very number since we looked. They left a trace: the highest number always stays.
  const overtaken = readdirSync(folder).some((name) => numberOf(name) > number || name === `${number}.free`);
  if (overtaken) rmSync(join(folder, String(number)), { force: true });
  return !overtaken;
}

function removeOlder(folder: string, number: number): void {
  for (const name of readdirSync(folder)) {
    const draftOf = /^draft-(\d+)-/.exec(name)?.[1];
    const isOld = draftOf === undefined ? numberOf(name) < number : !isRunning({ pid: Number(draftOf), startedAt: "" });
    if (isOld) rmSync(join(folder, name), { force: true });
  }
}

function numberOf(name: string): number {
  const digits = /^(\d+)(?:\.free)?$/.exec(name)?.[1];
  return digits === undefined ? 0 : Number(digits);
}
