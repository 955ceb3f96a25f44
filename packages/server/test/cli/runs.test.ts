import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
async function runs(
  args: readonly string[],
  key: string | undefined = owner.key,
  { output = "pipe", readsOutput = true }: { output?: "pipe" | number; readsOutput?: boolean } = {},
) {
  const child = spawn(process.execPath, ["--conditions=@shelflife/source", MAIN, "runs", ...args], {
    env: {
      PATH: process.env["PATH"],
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
      SHELFLIFE_URL: listener.url,
      SHELFLIFE_DATA_DIR: "/nowhere",
      ...(key === undefined ? {} : { SHELFLIFE_API_KEY: key }),
    },
    stdio: ["ignore", output, "pipe"],
  });
  if (!readsOutput) child.stdout?.destroy();
  const [status, stdout, stderr] = await Promise.all([
    new Promise<number | null>((resolve) => child.on("close", resolve)),
    child.stdout === null || !readsOutput ? "" : text(child.stdout),
    child.stderr === null ? "" : text(child.stderr),
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

it("prints nothing that a terminal would obey", async () => {
  const other = randomUUID();
  const { run: recorded, step } = completeRun({ chat_id: other, model: "\u001b[31mred" });
  const messages = [{ role: "user", parts: [{ type: "text", text: "\u001b]0;title\u0007 \u009b2J" }] }];
  await app.client(owner.key).recordDebugBatch({
    runs: [recorded],
    steps: [{ ...step, normalized_request: { messages } }],
  });
  for (const command of ["list", "show"]) {
    const { stdout } = await runs([command, other, ...(command === "show" ? [recorded.id] : [])]);
    expect(stdout).toContain("\uFFFD]0;title\uFFFD \uFFFD2J");
    expect(stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  }
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

it("takes it that whoever reads its output may stop early", async () => {
  for (const command of [`list ${chat} --json`, `show ${chat} ${run} --json`, `export ${chat}`]) {
    const { status, stderr } = await runs(command.split(" "), owner.key, { readsOutput: false });
    expect({ command, status, stderr }).toEqual({ command, status: 0, stderr: "" });
  }
});

it("says in one line that its output has no room", async () => {
  const full = await open("/dev/full", "w");
  onTestFinished(() => full.close());
  for (const command of [`list ${chat}`, `export ${chat}`]) {
    const { status, stderr } = await runs(command.split(" "), owner.key, { output: full.fd });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^shelflife: The output could not be written: ENOSPC.*\n$/);
  }
});

it("leaves no half of an export behind where the server breaks off", async () => {
  const breaking = createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    // Ended, not destroyed: what was sent must arrive before the connection breaks.
    response.write('{"version":1,', () => response.socket?.end());
  });
  await new Promise<void>((resolve) => breaking.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void breaking.close());
  const url = `http://127.0.0.1:${(breaking.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), "shelflife-export-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { status, stderr } = await runs(["export", chat, "--url", url, "-o", join(folder, "chat.json")]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^shelflife: The export could not be written to .*chat\.json: terminated\.\n$/);
  expect(await readdir(folder)).toEqual([]);
  expect(await runs(["export", chat, "--url", url])).toMatchObject({
    status: 1,
    stderr: "shelflife: The export could not be written to standard output: terminated.\n",
  });
});

it.each([
  ["without a key", async () => runs(["list", chat], ""), /SHELFLIFE_API_KEY/],
  ["with a key that is unknown", async () => runs(["list", chat], "slf_unknown"), /Sign in to use this API/],
  ["of another person's chat", async () => runs(["list", chat], (await app.createUser()).key), /no such chat/],
  ["of an id that is none", async () => runs(["list", "nonsense"]), /Invalid chat ID\./],
  [
    "of a server that is not there",
    async () => runs(["list", chat, "--url", "http://127.0.0.1:1"]),
    /could not be reached at http:\/\/127\.0\.0\.1:1\./,
  ],
])("says in one line what is wrong %s, and fails", async (_, ask, message) => {
  const { status, stdout, stderr } = await ask();
  expect({ status, stdout, lines: stderr.trim().split("\n").length }).toEqual({ status: 1, stdout: "", lines: 1 });
  expect(stderr).toMatch(message);
});
