import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { debugChatExportSchema } from "@shelflife/api-contract";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";

import { systemClock } from "../../src/clock.ts";
import { listen } from "../../src/http/listen.ts";
import { completeRun } from "../debug-batches.ts";
import { createTestApp, type TestApp, type TestUser } from "../test-app.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

let app: TestApp;
let owner: TestUser;
let listener: Awaited<ReturnType<typeof listen>>;
const chat = randomUUID();
let run = "";

beforeAll(async () => {
  app = await createTestApp();
  listener = await listen(app.app.fetch, { host: "127.0.0.1", port: 0 }, systemClock);
  owner = await app.createUser();
  const recorded = completeRun({ chat_id: chat });
  run = recorded.run.id;
  await app.client(owner.key).recordDebugBatch(recorded.batch);
});

afterAll(() => listener.close());

/** The command as it is typed, in a process of its own that knows no database. */
async function runs(args: readonly string[], key: string | undefined = owner.key) {
  const child = spawn(process.execPath, ["--conditions=@shelflife/source", MAIN, "runs", ...args], {
    env: {
      PATH: process.env["PATH"],
      SHELFLIFE_URL: listener.url,
      SHELFLIFE_DATA_DIR: "/nowhere",
      ...(key === undefined ? {} : { SHELFLIFE_API_KEY: key }),
    },
  });
  const [status, stdout, stderr] = await Promise.all([
    new Promise<number | null>((resolve) => child.on("close", resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { status, stdout, stderr };
}

it("lists the runs of a chat, for people and as JSON", async () => {
  const { status, stdout } = await runs(["list", chat]);
  expect({ status, lines: stdout.trim().split("\n").length }).toEqual({ status: 0, lines: 1 });
  expect(stdout).toContain(`${run}  `);
  expect(stdout).toContain("7→3 tok");
  expect(stdout).toContain("How long is this kept?");
  const listed = await runs(["list", chat, "--json"]);
  expect(JSON.parse(listed.stdout)).toEqual(await app.client(owner.key).listDebugRuns(chat));
});

it("shows a run's steps, and its payloads only where JSON is asked for", async () => {
  const { stdout } = await runs(["show", chat, run]);
  expect(stdout).toMatch(/^ {2}1 {2}stream {2}completed {2}7→3 tok/m);
  const shown = await runs(["show", chat, run, "--json"]);
  expect(JSON.parse(shown.stdout)).toEqual(await app.client(owner.key).getDebugRun(chat, run));
});

it("exports a chat to standard output, and a run to a file that only its owner may read", async () => {
  const exported = await runs(["export", chat]);
  expect(debugChatExportSchema.parse(JSON.parse(exported.stdout))).toMatchObject({ chat_id: chat, run_count: 1 });
  const folder = await mkdtemp(join(tmpdir(), "shelflife-export-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "run.json");
  expect(await runs(["export", chat, run, "--output", file])).toMatchObject({ status: 0, stdout: "" });
  expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ scope: "run", run: { id: run } });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const again = await runs(["export", chat, run, "--output", file]);
  expect(again.status).toBe(1);
  expect(again.stderr).toMatch(/^shelflife: The export could not be written to .*run\.json: .*\n$/);
});

it.each([
  ["without a key", async () => runs(["list", chat], ""), /SHELFLIFE_API_KEY/],
  ["with a key that is unknown", async () => runs(["list", chat], "slf_unknown"), /Sign in to use this API/],
  ["of another person's chat", async () => runs(["list", chat], (await app.createUser()).key), /no such chat/],
  ["of an id that is none", async () => runs(["list", "nonsense"]), /Invalid chat ID\./],
  [
    "of a server that is not there",
    async () => runs(["list", chat, "--url", "http://127.0.0.1:1"]),
    /could not be reached/,
  ],
])("says in one line what is wrong %s, and fails", async (_, ask, message) => {
  const { status, stdout, stderr } = await ask();
  expect({ status, stdout, lines: stderr.trim().split("\n").length }).toEqual({ status: 1, stdout: "", lines: 1 });
  expect(stderr).toMatch(message);
});
