import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, inject, test, type TestContext } from "vitest";
import { findBinaries } from "../../src/postgres/binaries.ts";
import { canEnter, chooseAccount } from "../../src/postgres/unprivileged-user.ts";
import { initializedFolder, query, temporaryFolder, useElsewhere, useHere } from "./embedded-fixture.ts";

/** An ordinary user who is not the account that root would choose. Every Unix has this one, and initdb wants a name. */
const ORDINARY = { name: "daemon", uid: identify("-u"), gid: identify("-g") };

function identify(option: string): number {
  return Number(execFileSync("id", [option, "daemon"], { encoding: "utf8" }));
}

function needsRoot({ skip }: TestContext): void {
  skip(process.getuid?.() !== 0, "only root can act for other users");
}

function needsReadableCheckout({ skip }: TestContext): void {
  skip(!canEnter(ORDINARY, import.meta.dirname), "another user cannot read this checkout");
}

/** A folder on which programs may run, which those in memory often forbid. */
function systemFolder(): string {
  return temporaryFolder({ parent: tmpdir() });
}

test("as root the server runs as another account, on data that only that account can read", async (context) => {
  needsRoot(context);
  const account = chooseAccount()!;
  const { directory } = await useHere(await initializedFolder());
  const data = statSync(join(directory, "data"));
  expect({ uid: data.uid, mode: data.mode & 0o777 }).toEqual({ uid: account.uid, mode: 0o700 });
  expect(account.uid).not.toBe(0);
});

test("what the account cannot reach lies elsewhere, and is found again even without the note", async (context) => {
  needsRoot(context);
  const closed = temporaryFolder({ mode: 0o700 });
  const dataDir = join(closed, "data-dir");
  const options = { systemFolder: systemFolder() };
  const first = await useHere(dataDir, options);
  expect(dirname(first.directory)).toBe(options.systemFolder);
  expect(readdirSync(join(dataDir, "postgres"))).toEqual(["location"]);
  await query(first.url, "create table kept as select 42 as answer; checkpoint");
  await first.stop();

  const second = await useHere(dataDir, options);
  expect(second.directory).toBe(first.directory);
  await second.stop();

  rmSync(dataDir, { recursive: true });
  const third = await useHere(dataDir, options);
  expect(await query(third.url, "select answer from kept")).toEqual([{ answer: 42 }]);
});

test("data that became unreachable is an error, and not a new empty database elsewhere", async (context) => {
  needsRoot(context);
  const dataDir = await initializedFolder();
  const options = { systemFolder: systemFolder() };
  chmodSync(dataDir, 0o700);
  await expect(useHere(dataDir, options)).rejects.toMatchObject({
    code: "embedded_postgres_failed",
    message: expect.stringContaining("where the data is"),
  });
  expect(readdirSync(options.systemFolder)).toEqual([]);
});

test("programs that the account cannot reach are copied, once and completely", async (context) => {
  needsRoot(context);
  const closed = temporaryFolder({ mode: 0o700 });
  const installed = findBinaries(inject("postgres").binariesPackage ?? undefined);
  cpSync(dirname(installed.directory), closed, { recursive: true, verbatimSymlinks: true });
  // As in a checkout that was made under a strict umask.
  for (const name of ["", "bin", "lib"]) chmodSync(join(closed, "native", name), 0o700);
  const options = { systemFolder: systemFolder(), binariesPackage: join(closed, "dist", "index.js") };
  // What a copy that was killed left behind.
  mkdirSync(join(options.systemFolder, `copying-${2 ** 30}-postgresql`));

  const dataDir = await initializedFolder();
  const first = await useHere(dataDir, options);
  await first.stop();
  expect(readdirSync(options.systemFolder)).toEqual([`postgresql-${installed.version}`]);

  const changed = statSync(options.systemFolder).mtimeMs;
  await (await useHere(dataDir, options)).stop();
  expect(statSync(options.systemFolder).mtimeMs).toBe(changed);
});

test("an ordinary user runs the server without another account", async (context) => {
  needsRoot(context);
  needsReadableCheckout(context);
  const dataDir = temporaryFolder();
  chownSync(dataDir, ORDINARY.uid, ORDINARY.gid);
  const user = useElsewhere(dataDir, {}, { uid: ORDINARY.uid, gid: ORDINARY.gid });
  const { directory } = await user.event("ready");
  expect(statSync(join(directory!, "data")).uid).toBe(ORDINARY.uid);
  expect(statSync(directory!).mode & 0o777).toBe(0o700);
  user.process.kill("SIGTERM");
  await user.event("stopped");
});

test("root and the user whose cluster it is can take turns, and share it", async (context) => {
  needsRoot(context);
  needsReadableCheckout(context);
  const dataDir = temporaryFolder();
  chownSync(dataDir, ORDINARY.uid, ORDINARY.gid);
  const startUser = () => useElsewhere(dataDir, {}, { uid: ORDINARY.uid, gid: ORDINARY.gid });
  const first = startUser();
  await first.event("ready");
  first.process.kill("SIGTERM");
  await first.event("stopped");

  const root = await useHere(dataDir);
  expect(existsSync(join(dataDir, "postgres", "location"))).toBe(false);
  const second = startUser();
  expect(await second.event("ready")).toMatchObject({ url: root.url });
  await root.stop();
  expect(await query(root.url, "select 1 as alive")).toEqual([{ alive: 1 }]);
  second.process.kill("SIGTERM");
  await second.event("stopped");
});

test("a cluster of another user is an error of one line", async (context) => {
  needsRoot(context);
  needsReadableCheckout(context);
  const dataDir = await initializedFolder();
  const user = useElsewhere(dataDir, {}, { uid: ORDINARY.uid, gid: ORDINARY.gid });
  expect(await user.event("failed")).toMatchObject({
    code: "embedded_postgres_failed",
    message: expect.stringMatching(/^CodedError: The embedded PostgreSQL could not be started: [^\n]+$/),
  });
});
