import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { withClusterLock } from "../../src/postgres/cluster-lock.ts";
import { findPostmaster, type Postmaster } from "../../src/postgres/postmaster.ts";
import { findProcess, isRunning } from "../../src/postgres/process-identity.ts";
import { eventually, initializedFolder, query, temporaryFolder, useElsewhere, useHere } from "./embedded-fixture.ts";
import { LIMIT_MS } from "./test-cluster.ts";

/** The server that runs for a data directory. */
function postmasterOf(dataDir: string): Postmaster | undefined {
  return findPostmaster(join(dataDir, "postgres", "data"));
}

test("the data outlives a stop, and a stop leaves no process", async () => {
  const dataDir = await initializedFolder();
  const first = await useHere(dataDir);
  await query(first.url, "create table kept as select 42 as answer");
  const { process } = postmasterOf(dataDir)!;
  await first.stop();
  expect(isRunning(process)).toBe(false);

  const second = await useHere(dataDir);
  expect(await query(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
});

test("nobody gets in from elsewhere or without the password", async () => {
  const dataDir = await initializedFolder();
  const { url, directory } = await useHere(dataDir);
  const settings = await query(
    url,
    "select name, setting from pg_settings where name in ('listen_addresses', 'unix_socket_directories') order by name",
  );
  expect(settings).toEqual([
    { name: "listen_addresses", setting: "127.0.0.1" },
    { name: "unix_socket_directories", setting: "" },
  ]);
  const methods = await query(url, "select distinct auth_method from pg_hba_file_rules");
  expect(methods).toEqual([{ auth_method: "scram-sha-256" }]);
  const wrong = new URL(url);
  wrong.password = "wrong";
  await expect(query(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
  expect(statSync(join(directory, "password")).mode & 0o777).toBe(0o600);
});

test("the cluster has checksums, UTF-8, UTC and an order that does not depend on the system", async () => {
  const { url, version } = await useHere(temporaryFolder());
  const [settings] = await query<Record<string, string>>(
    url,
    `select current_setting('data_checksums') as checksums, current_setting('server_encoding') as encoding,
            current_setting('timezone') as timezone, 'é' < 'z' as linguistic, lower('É') as lower`,
  );
  expect(settings).toEqual({
    checksums: "on",
    encoding: "UTF8",
    timezone: "UTC",
    linguistic: false,
    lower: "é",
  });
  expect(version).toMatch(/^1[58]\.\d+/);
});

test("of two processes that start at once one starts the server, and whoever leaves last stops it", async () => {
  const dataDir = temporaryFolder();
  const users = [useElsewhere(dataDir), useElsewhere(dataDir)];
  const [one, other] = await Promise.all(users.map((user) => user.event("ready")));
  expect(one!["url"]).toBe(other!["url"]);
  const { process } = postmasterOf(dataDir)!;

  users[0]!.process.kill("SIGTERM");
  await users[0]!.event("stopped");
  expect(await query(other!["url"]!, "select 1 as alive")).toEqual([{ alive: 1 }]);

  users[1]!.process.kill("SIGTERM");
  await users[1]!.event("stopped");
  expect(isRunning(process)).toBe(false);
});

test("one process may use the cluster twice", async () => {
  const dataDir = temporaryFolder();
  const [one, other] = await Promise.all([useHere(dataDir), useHere(dataDir)]);
  await one.stop();
  await one.stop();
  expect(await query(other.url, "select 1 as alive")).toEqual([{ alive: 1 }]);
});

test("a start during a stop waits, and gets a server that stays", async () => {
  const dataDir = await initializedFolder();
  const first = await useHere(dataDir);
  const [second] = await Promise.all([useHere(dataDir), first.stop()]);
  expect(await query(second.url, "select 1 as alive")).toEqual([{ alive: 1 }]);

  const stopping = second.stop();
  const third = await useHere(dataDir);
  await stopping;
  expect(await query(third.url, "select 1 as alive")).toEqual([{ alive: 1 }]);
});

test("a start waits for a server that is shutting down without anybody holding the lock", async () => {
  const dataDir = await initializedFolder();
  const user = useElsewhere(dataDir);
  await user.event("ready");
  user.process.kill("SIGKILL");
  await user.ended;
  const orphan = postmasterOf(dataDir)!;
  process.kill(orphan.process.pid, "SIGINT");

  const { url } = await useHere(dataDir);
  expect(isRunning(orphan.process)).toBe(false);
  expect(await query(url, "select 1 as alive")).toEqual([{ alive: 1 }]);
});

test("a server whose user was killed is taken over, and stopped by the one that took it over", async () => {
  const dataDir = await initializedFolder();
  const user = useElsewhere(dataDir);
  const { url } = await user.event("ready");
  user.process.kill("SIGKILL");
  await user.ended;
  const orphan = postmasterOf(dataDir)!;

  const heir = await useHere(dataDir);
  expect(heir.url).toBe(url);
  expect(postmasterOf(dataDir)!.process).toEqual(orphan.process);
  await heir.stop();
  expect(isRunning(orphan.process)).toBe(false);
});

test("a server whose data directory was moved while it ran is found at the new place", async (context) => {
  context.skip(process.platform !== "linux", "only Linux shows where a process works");
  const dataDir = await initializedFolder();
  const user = useElsewhere(dataDir);
  const { url } = await user.event("ready");
  user.process.kill("SIGKILL");
  await user.ended;
  const moved = temporaryFolder();
  renameSync(join(dataDir, "postgres"), join(moved, "postgres"));

  const heir = await useHere(moved);
  expect(heir.url).toBe(url);
  await heir.stop();
  expect(postmasterOf(moved)).toBeUndefined();
});

test("a start finds its way when a server that seems ready has just been told to stop", async (context) => {
  context.skip(process.platform !== "linux", "only Linux shows the signals that a process has yet to handle");
  const dataDir = await initializedFolder();
  const user = useElsewhere(dataDir);
  await user.event("ready");
  const { pid } = postmasterOf(dataDir)!.process;
  const statusOf = (field: string): string =>
    new RegExp(`^${field}:\\s*(\\w+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]!;
  process.kill(pid, "SIGSTOP");
  onTestFinished(() => {
    if (findProcess(pid) !== undefined) process.kill(pid, "SIGCONT");
  });
  await eventually(() => statusOf("State") === "T");
  user.process.kill("SIGTERM");
  // The second bit stands for SIGINT, the first stage of a stop. Others may be set as well.
  await eventually(() => (BigInt(`0x${statusOf("ShdPnd")}`) & 2n) !== 0n);
  user.process.kill("SIGKILL");
  await user.ended;
  expect(postmasterOf(dataDir)).toMatchObject({ status: "ready" });

  const starting = useHere(dataDir);
  await eventually(() =>
    readdirSync(join(dataDir, "postgres", "leases")).some((name) => name.startsWith(`${process.pid}-`)),
  );
  process.kill(pid, "SIGCONT");
  expect(await query((await starting).url, "select 1 as alive")).toEqual([{ alive: 1 }]);
});

test("a crashed server's number that went to another process does not keep the next one from starting", async () => {
  const dataDir = await initializedFolder();
  const data = join(dataDir, "postgres", "data");
  const { uid, gid } = statSync(data);
  // Of the same user, since PostgreSQL leaves the processes of others out of account by itself.
  const other = spawn("sleep", ["60"], process.getuid?.() === 0 ? { uid, gid } : {});
  onTestFinished(() => void other.kill());
  const note = [other.pid, data, 1_700_000_000, 5432, "", "127.0.0.1", "  1234567         0", "ready", ""];
  writeFileSync(join(data, "postmaster.pid"), note.join("\n"));
  chownSync(join(data, "postmaster.pid"), uid, gid);

  const { url } = await useHere(dataDir);
  expect(await query(url, "select 1 as alive")).toEqual([{ alive: 1 }]);
  expect(other.exitCode ?? other.signalCode).toBeNull();
});

test("a killed server recovers what was committed, even while a session of it still computes", async () => {
  const dataDir = await initializedFolder();
  const first = await useHere(dataDir, { settings: { synchronous_commit: "on" } });
  await query(first.url, "create table kept as select 42 as answer");
  const computing = query(first.url, "select count(*) from generate_series(1, 1e12)").catch(() => undefined);
  await eventually(async () => {
    const active = await query(
      first.url,
      "select from pg_stat_activity where query like '%1e12)' and state = 'active'",
    );
    return active.length > 0;
  });
  process.kill(postmasterOf(dataDir)!.process.pid, "SIGKILL");

  const second = await useHere(dataDir);
  expect(await query(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
  await computing;
});

test.for([
  ["has the lock", "lock/1"],
  ["initialises the data directory", /^data\.initializing-\w+-\w+$/],
  ["has the data directory", "data"],
  ["starts the server", "data/postmaster.pid"],
] as const)("a start after one that was killed as soon as it %s", async ([, trace]) => {
  const dataDir = temporaryFolder();
  const folder = join(dataDir, "postgres");
  const user = useElsewhere(dataDir);
  await eventually(() =>
    typeof trace === "string"
      ? existsSync(join(folder, trace))
      : existsSync(folder) && readdirSync(folder).some((name) => trace.test(name)),
  );
  user.process.kill("SIGKILL");
  await user.ended;

  const { url } = await useHere(dataDir);
  expect(await query(url, "select 1 as alive")).toEqual([{ alive: 1 }]);
});

test("Ctrl-C in a terminal does not reach the server before its user has finished", async () => {
  const dataDir = await initializedFolder();
  // Detached, the process leads a group of its own, as a command in a terminal does.
  const user = useElsewhere(dataDir, {}, { detached: true });
  const { url } = await user.event("ready");
  const { process: server } = postmasterOf(dataDir)!;
  user.process.kill("SIGSTOP");
  process.kill(-user.process.pid!, "SIGINT");
  // A server that had received it would end this session.
  expect(await query(url!, "select pg_sleep(0.3), 1 as alive")).toMatchObject([{ alive: 1 }]);
  user.process.kill("SIGCONT");
  await user.event("stopped");
  expect(isRunning(server)).toBe(false);
});

test("a stop waits for its turn, since somebody may be joining", async () => {
  const dataDir = await initializedFolder();
  const embedded = await useHere(dataDir);
  const { process: server } = postmasterOf(dataDir)!;
  const options = { clock: systemClock, deadline: systemClock.monotonic() + LIMIT_MS };
  const stopping = await withClusterLock(join(embedded.directory, "lock"), options, async () => {
    const promise = embedded.stop();
    expect(await query(embedded.url, "select pg_sleep(0.2), 1 as alive")).toMatchObject([{ alive: 1 }]);
    return { promise };
  });
  await stopping.promise;
  expect(isRunning(server)).toBe(false);
});

test("who fails to join stops the server only where nobody else uses it", async () => {
  const dataDir = await initializedFolder();
  const user = useElsewhere(dataDir);
  const { url } = await user.event("ready");
  writeFileSync(join(dataDir, "postgres", "password"), "wrong");
  const refused = { code: "embedded_postgres_failed", message: expect.stringContaining("password authentication") };
  await expect(useHere(dataDir)).rejects.toMatchObject(refused);
  expect(await query(url!, "select 1 as alive")).toEqual([{ alive: 1 }]);

  user.process.kill("SIGTERM");
  await user.event("stopped");
  await expect(useHere(dataDir)).rejects.toMatchObject(refused);
  expect(postmasterOf(dataDir)).toBeUndefined();
});

test("processes come and go, and nobody loses the server while using it", async () => {
  const dataDir = await initializedFolder();
  const visit = async (): Promise<void> => {
    for (let round = 0; round < 5; round++) {
      const user = useElsewhere(dataDir);
      const { url } = await user.event("ready");
      expect(await query(url!, "select 1 as alive")).toEqual([{ alive: 1 }]);
      user.process.kill(round % 2 === 0 ? "SIGTERM" : "SIGKILL");
      await user.ended;
    }
  };
  await Promise.all([visit(), visit()]);
});

test("data of another major version is one error that names both", async () => {
  const dataDir = await initializedFolder();
  const { stop, version, directory } = await useHere(dataDir);
  await stop();
  writeFileSync(join(directory, "data", "PG_VERSION"), "14\n");
  const major = version.split(".")[0];
  await expect(useHere(dataDir)).rejects.toMatchObject({
    code: "embedded_postgres_version_mismatch",
    message: expect.stringMatching(new RegExp(`^[^\\n]*PostgreSQL 14[^\\n]*PostgreSQL ${major}[^\\n]*$`)),
  });
});

test("a server that ends at once is one error of one line, with the end of its log", async () => {
  const dataDir = await initializedFolder();
  const failure = await useHere(dataDir, { settings: { max_connections: "none" } }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "embedded_postgres_failed",
    message: expect.stringMatching(/^[^\n]*invalid value for parameter "max_connections"[^\n]*$/),
    serverLog: expect.arrayContaining([expect.stringContaining("max_connections")]),
  });
  expect(postmasterOf(dataDir)).toBeUndefined();
  // What failed is repaired by a start with better settings.
  expect((await useHere(dataDir)).version).toBeTruthy();
});

test("a start that is given up leaves no process, and the next one succeeds", async () => {
  const dataDir = temporaryFolder();
  const folder = join(dataDir, "postgres");
  const interrupted = new AbortController();
  const start = useHere(dataDir, { signal: interrupted.signal });
  start.catch(() => undefined);
  await eventually(() => existsSync(folder) && readdirSync(folder).some((name) => name.includes("initializing")));
  interrupted.abort();
  await expect(start).rejects.toThrow("aborted");
  expect(readdirSync(folder).filter((name) => name.startsWith("data"))).toEqual([]);
  expect((await useHere(dataDir)).version).toBeTruthy();
});

/** A package with programs of PostgreSQL that note their process number, start another process, and never end. */
function installEndlessPrograms(major: string): string {
  const folder = temporaryFolder({ parent: tmpdir() });
  for (const name of ["dist", "native/bin"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version: `${major}.0.0` }));
  writeFileSync(join(folder, "dist", "index.js"), "");
  const note = join(folder, "note");
  writeFileSync(note, "");
  chmodSync(note, 0o666);
  writeFileSync(
    join(folder, "native/bin/postgres"),
    `#!/bin/sh\n[ "$1" = --version ] && exit\necho $$ >>${note}\nexec sleep 60\n`,
    { mode: 0o755 },
  );
  writeFileSync(
    join(folder, "native/bin/initdb"),
    `#!/bin/sh\nsleep 60 &\necho $! >>${note}\necho $$ >>${note}\nwait\n`,
    {
      mode: 0o755,
    },
  );
  return folder;
}

/** Resolves when the programs that noted their numbers have ended. */
async function endOfPrograms(folder: string): Promise<void> {
  const pids = readFileSync(join(folder, "note"), "utf8").trim().split("\n").map(Number);
  await eventually(() => pids.every((pid) => findProcess(pid) === undefined));
}

test("a server that never gets ready is given up and does not stay", async () => {
  const dataDir = await initializedFolder();
  const folder = installEndlessPrograms(readFileSync(join(dataDir, "postgres/data/PG_VERSION"), "utf8").trim());
  await expect(
    useHere(dataDir, { binariesPackage: join(folder, "dist/index.js"), timeoutMs: 300 }),
  ).rejects.toMatchObject({
    code: "embedded_postgres_failed",
    message: expect.stringContaining("not ready in time"),
  });
  await endOfPrograms(folder);
});

test("an initialisation that never ends is given up, and what it started does not stay", async () => {
  const folder = installEndlessPrograms("18");
  await expect(
    useHere(temporaryFolder(), { binariesPackage: join(folder, "dist/index.js"), timeoutMs: 300 }),
  ).rejects.toMatchObject({
    code: "embedded_postgres_failed",
    message: expect.stringContaining("initdb was not done in time"),
  });
  await endOfPrograms(folder);
});

test("a start removes what a killed initialisation left behind, even where another one has succeeded since", async () => {
  const dataDir = await initializedFolder();
  const folder = join(dataDir, "postgres");
  mkdirSync(join(folder, "data.initializing-1-a"));
  writeFileSync(join(folder, "data.initializing-1-a", "PG_VERSION"), "18");
  writeFileSync(join(folder, "data.initializing-1-a.password"), "secret");
  await useHere(dataDir);
  expect(readdirSync(folder).filter((name) => name.includes("initializing"))).toEqual([]);
});

test("without its password the cluster is left alone", async () => {
  const dataDir = await initializedFolder();
  rmSync(join(dataDir, "postgres", "password"));
  await expect(useHere(dataDir)).rejects.toMatchObject({
    code: "embedded_postgres_failed",
    message: expect.stringMatching(/password/),
  });
  expect(postmasterOf(dataDir)).toBeUndefined();
});

test("the time for a start ends it, whatever the server does", async () => {
  const dataDir = temporaryFolder();
  const begin = systemClock.monotonic();
  await expect(useHere(dataDir, { timeoutMs: 50 })).rejects.toMatchObject({
    code: "embedded_postgres_failed",
  });
  expect(systemClock.monotonic() - begin).toBeLessThan(20_000);
  expect(readFileSync(join(dataDir, "postgres", "password"), "utf8")).toBeTruthy();
  expect(postmasterOf(dataDir)).toBeUndefined();
});
