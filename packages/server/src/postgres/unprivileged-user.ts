import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { StartupError } from "./startup-error.ts";

/** The system account that PostgreSQL runs as. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Accounts made for PostgreSQL come before the one that other services share. */
const CANDIDATES = ["postgres", "_postgres", "nobody"];

/** PostgreSQL refuses to run as root. Returns the account to use instead, or nothing where we are not root. */
export function chooseAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid, gid]): Account => ({ name, uid: Number(uid), gid: Number(gid) }));
  for (const candidate of CANDIDATES) {
    const account = accounts.find(({ name, uid }) => name === candidate && uid > 0);
    if (account !== undefined) return account;
  }
  throw new StartupError(
    "embedded_postgres_failed",
    `The embedded PostgreSQL does not run as root, and there is none of the accounts ${CANDIDATES.join(", ")}: ` +
      "run Shelflife as an ordinary user, or set SHELFLIFE_DATABASE_URL.",
  );
}

/**
 * Whether the account can get into a folder. Asked of the system instead of worked out from mode bits, which know neither
 * access lists nor mount options.
 */
export function canEnter(account: Account, folder: string): boolean {
  const { status } = spawnSync("/bin/sh", ["-c", 'cd -- "$1"', "sh", folder], {
    cwd: "/",
    stdio: "ignore",
    ...asAccount(account),
  });
  return status === 0;
}

/** The options of `spawn` that make a program run as the account. */
export function asAccount(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid };
}
