import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process, told apart from a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for one process only. Empty where the system does not tell. */
  readonly startedAt: string;
}

let self: ProcessIdentity | undefined;

export function currentProcess(): ProcessIdentity {
  self ??= { pid: process.pid, startedAt: startOf(process.pid) || "" };
  return self;
}

/** The process that has this number now, or nothing where there is none. */
export function findProcess(pid: number): ProcessIdentity | undefined {
  if (!exists(pid)) return undefined;
  const startedAt = startOf(pid);
  return startedAt === false ? undefined : { pid, startedAt };
}

export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  const now = findProcess(pid);
  if (now === undefined) return false;
  return now.startedAt === startedAt || now.startedAt === "" || startedAt === "";
}

/** The command line of a process, with a space after each argument; empty where the system does not show it. */
export function commandLine(pid: number): string {
  try {
    return process.platform === "linux"
      ? readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
      : `${ps(pid, "command=")} `;
  } catch {
    return "";
  }
}

/** The numbers of the processes whose working directory is this folder, where the system lets us look. */
export function processesIn(folder: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => worksIn(pid, folder));
}

export function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    return false;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Anything but "no such process" means that it is there and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Empty where the system does not tell; `false` for a process that has ended and only waits for its parent to notice. */
function startOf(pid: number): string | false {
  try {
    if (process.platform === "linux") {
      // The second field is the program's name in parentheses, and may itself hold spaces and parentheses.
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\)\s/s, "")
        .split(" ");
      if (fields[0] === "Z" || fields[0] === "X") return false;
      // Counted in ticks since the machine started, hence only unique together with that start.
      return `${bootId()}/${fields[19] ?? ""}`;
    }
    const [state = "", ...start] = ps(pid, "state=,lstart=").split(/\s+/);
    return state.startsWith("Z") ? false : start.join(" ");
  } catch {
    // It may have ended since it was looked for; where it is still there, the system does not let us look.
    return exists(pid) ? "" : false;
  }
}

let boot: string | undefined;

function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

function ps(pid: number, columns: string): string {
  return execFileSync("ps", ["-o", columns, "-p", String(pid)], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}
