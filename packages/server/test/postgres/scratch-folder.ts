import { accessSync, chmodSync, constants, mkdtempSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { stopPostmaster } from "../../src/postgres/postmaster.ts";
import { findProcess } from "../../src/postgres/process-identity.ts";

const IN_MEMORY = "/dev/shm";
const PREFIX = "shelflife-test-";

/**
 * Where throw-away clusters live. A test's database is some four hundred small files, which takes 10 ms to copy in memory,
 * and up to 400 ms on a disk.
 */
function fastFolder(): string {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    accessSync(IN_MEMORY, constants.W_OK);
    // Containers have 64 MB by default.
    if (bavail * bsize > 2_000_000_000) return IN_MEMORY;
  } catch {
    // Not every system has it.
  }
  return tmpdir();
}

/** Makes a folder that the account which runs the server can get into. Its name tells which process it belongs to. */
export function makeScratchFolder({ mode = 0o755, parent = fastFolder() } = {}): string {
  const folder = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
  chmodSync(folder, mode);
  return folder;
}

/** Removes the folder, and the server that may still run in it. */
export async function removeScratchFolder(folder: string): Promise<void> {
  for (const data of ["data", join("postgres", "data")]) {
    await stopPostmaster(join(folder, data), { clock: systemClock, timeoutMs: 5_000 });
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

/** Removes what killed test runs have left behind: their folders, and the servers that still run there. */
export async function removeLeftovers({ parents = [tmpdir(), fastFolder()] } = {}): Promise<void> {
  for (const parent of new Set(parents)) {
    for (const name of readdirSync(parent)) {
      const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : NaN;
      if (Number.isNaN(pid) || findProcess(pid) !== undefined) continue;
      try {
        await removeScratchFolder(join(parent, name));
      } catch {
        // Another run is just removing it, or it belongs to another user. Either way it is not in our way.
      }
    }
  }
}
