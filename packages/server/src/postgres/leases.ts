import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { currentProcess, isRunning, type ProcessIdentity } from "./process-identity.ts";

/** One use of the cluster by this process. */
export interface Lease {
  release(): void;
}

/** Notes down that this process uses the cluster. Call it, and `release`, under the cluster's lock. */
export function takeLease(folder: string): Lease {
  mkdirSync(folder, { recursive: true });
  const self = currentProcess();
  const file = join(folder, `${self.pid}-${crypto.randomUUID()}.json`);
  writeFileSync(file, JSON.stringify(self));
  return { release: () => rmSync(file, { force: true }) };
}

/**
 * Whether any living process uses the cluster. Removes the leases of those that ended without giving theirs back. Call it
 * under the cluster's lock.
 */
export function isInUse(folder: string): boolean {
  let inUse = false;
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const holder = readHolder(file);
    if (holder !== undefined && isRunning(holder)) inUse = true;
    else rmSync(file, { force: true });
  }
  return inUse;
}

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
  } catch {
    // Only its writer could be in the middle of it, and we hold the lock: the writer was killed.
    return undefined;
  }
}
