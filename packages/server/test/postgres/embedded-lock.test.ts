import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { withClusterLock } from "../../src/postgres/cluster-lock.ts";
import { isInUse, takeLease } from "../../src/postgres/leases.ts";
import { commandLine, currentProcess, findProcess } from "../../src/postgres/process-identity.ts";
import { FakeClock } from "../fake-clock.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

const options = (clock = new FakeClock()) => ({ clock, deadline: 30_000 });

test("the second one waits until the first has finished", async () => {
  const folder = temporaryFolder();
  const clock = new FakeClock();
  const order: string[] = [];
  const { promise: finish, resolve } = Promise.withResolvers<void>();
  const first = withClusterLock(folder, options(clock), async () => {
    order.push("first begins");
    await finish;
    order.push("first ends");
  });
  const second = withClusterLock(folder, options(clock), async () => {
    order.push("second");
  });
  await clock.waitForSleepers();
  expect(order).toEqual(["first begins"]);
  resolve();
  await first;
  await clock.advance(1_000);
  await second;
  expect(order).toEqual(["first begins", "first ends", "second"]);
});

test("what fails gives the lock back", async () => {
  const folder = temporaryFolder();
  const failing = withClusterLock(folder, options(), () => Promise.reject(new Error("broken")));
  await expect(failing).rejects.toThrow("broken");
  expect(await withClusterLock(folder, options(), () => Promise.resolve("next"))).toBe("next");
});

test("gives up at the deadline, and names the process that holds the lock", async () => {
  const folder = temporaryFolder();
  const clock = new FakeClock(undefined, { autoAdvance: true });
  await withClusterLock(folder, options(clock), async () => {
    await expect(withClusterLock(folder, options(clock), () => Promise.resolve())).rejects.toMatchObject({
      code: "embedded_postgres_failed",
      message: expect.stringContaining(`process ${process.pid}`),
    });
  });
  expect(clock.monotonic()).toBe(30_000);
});

test("stops waiting when it is told to", async () => {
  const folder = temporaryFolder();
  const clock = new FakeClock();
  const abort = new AbortController();
  await withClusterLock(folder, options(), async () => {
    const waiting = withClusterLock(folder, { ...options(clock), signal: abort.signal }, () => Promise.resolve());
    await clock.waitForSleepers();
    abort.abort(new Error("told"));
    await expect(waiting).rejects.toThrow("told");
  });
});

test("a lock whose holder's number went to another process is free", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "7"), JSON.stringify({ pid: process.pid, startedAt: "at another time" }));
  await withClusterLock(folder, options(), async () => expect(readdirSync(folder)).toEqual(["8"]));
  expect(readdirSync(folder)).toEqual(["8.free"]);
});

test("one that comes late, to a number that was held and freed meanwhile, does not get the lock by it", async () => {
  const folder = temporaryFolder();
  const lock = (work: () => Promise<void>) => withClusterLock(folder, options(), work);
  await lock(() => Promise.resolve());
  // The state between a late comer's creation of the number and its second look.
  writeFileSync(join(folder, "1"), JSON.stringify(currentProcess()));
  const clock = new FakeClock();
  const waiting = withClusterLock(folder, options(clock), () => Promise.resolve("entered"));
  await clock.waitForSleepers();
  rmSync(join(folder, "1"));
  await clock.advance(1_000);
  expect(await waiting).toBe("entered");
  expect(readdirSync(folder)).toEqual(["2.free"]);
});

test("never are two processes inside, however many of them are killed", async () => {
  const folder = temporaryFolder();
  const script = fileURLToPath(new URL("embedded-lock-contender.ts", import.meta.url));
  const outputs = await Promise.all(
    Array.from({ length: 8 }, async (_, seed) => {
      const child = spawn(process.execPath, [script, folder, "25", String(seed * 7_919)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      // A process that is killed closes its output a moment before it counts as dead, and may hold the lock until then.
      const closed = once(child, "close");
      const output = await text(child.stdout);
      await closed;
      return output;
    }),
  );
  expect(outputs.join("")).toBe("");
  await withClusterLock(join(folder, "lock"), options(), async () => {
    expect(readdirSync(join(folder, "lock"))).toHaveLength(1);
  });
});

test("a lease counts as long as its process lives", () => {
  const folder = join(temporaryFolder(), "leases");
  const lease = takeLease(folder);
  expect(isInUse(folder)).toBe(true);
  lease.release();
  expect(isInUse(folder)).toBe(false);
});

test.for([
  ["has ended", { pid: 2 ** 30, startedAt: "then" }],
  ["has a number that went to another process", { pid: process.pid, startedAt: "at another time" }],
  ["was killed while it wrote", ""],
] as const)("the lease of a process that %s is removed", ([, content]) => {
  const folder = join(temporaryFolder(), "leases");
  mkdirSync(folder);
  writeFileSync(join(folder, "lease.json"), content === "" ? "" : JSON.stringify(content));
  expect(isInUse(folder)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test("a process that has ended does not count as running before its parent notices", async () => {
  // The shell becomes a program that never asks for the exit status of the process which it has started.
  const shell = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void shell.kill());
  const [line] = (await once(shell.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  while (!commandLine(shell.pid ?? 0).startsWith("sleep")) await systemClock.sleep(1);
  expect(findProcess(pid)).toBeDefined();
  process.kill(pid, "SIGKILL");
  while (findProcess(pid) !== undefined) await systemClock.sleep(1);
  expect(() => process.kill(pid, 0)).not.toThrow();
});
