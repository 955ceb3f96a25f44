// Takes and gives back a cluster lock again and again, and kills itself at some point: while it holds the lock, or while it
// tries to get it. Says "overlap" where another process was inside at the same time.
import { rmSync, writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { withClusterLock } from "../../src/postgres/cluster-lock.ts";
import { findProcess } from "../../src/postgres/process-identity.ts";

const [folder = "", rounds = "0", seed = "0"] = process.argv.slice(2);
const inside = join(folder, "inside");
let random = Number(seed);

/** The same sequence for the same seed. */
function chance(outOf: number): boolean {
  random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor(random / 65_536) % outOf === 0;
}

function isOccupied(): boolean {
  try {
    return findProcess(Number(readFileSync(inside, "utf8"))) !== undefined;
  } catch {
    return false;
  }
}

for (let round = 0; round < Number(rounds); round++) {
  const deadline = systemClock.monotonic() + 180_000;
  if (chance(20)) setImmediate(() => process.kill(process.pid, "SIGKILL"));
  await withClusterLock(join(folder, "lock"), { clock: systemClock, deadline }, async () => {
    if (isOccupied()) process.stdout.write("overlap\n");
    writeFileSync(inside, String(process.pid));
    await systemClock.sleep(1);
    if (chance(20)) process.kill(process.pid, "SIGKILL");
    rmSync(inside, { force: true });
  });
}
