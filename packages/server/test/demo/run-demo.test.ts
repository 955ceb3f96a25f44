import { createServer } from "node:http";
import { once } from "node:events";

import { newPasswordSchema } from "@shelflife/api-contract";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { accountOffice } from "../../src/cli/demo-accounts.ts";
import { checkServerRuns } from "../../src/demo/check-server.ts";
import { demoToJson, describeDemo } from "../../src/demo/describe-demo.ts";
import { runDemoForPeople, runDemoWithKey, type DemoReport } from "../../src/demo/run-demo.ts";
import { storedRows } from "../stored-rows.ts";
import { createTestApp } from "../test-app.ts";
import { serveApp, type ServedApp } from "./served-app.ts";

type Rows = Awaited<ReturnType<typeof storedRows>>;

async function served(options: Parameters<typeof serveApp>[0]): Promise<ServedApp> {
  const found = await serveApp(options);
  onTestFinished(found.close);
  return found;
}

describe("filling a server for the people of the demo, twice", () => {
  const CHATS = 16;
  const progress: string[] = [];
  let server: ServedApp;
  let first: DemoReport & { rows: Rows; expiredInDatabase: number };
  let second: DemoReport & { rows: Rows };

  beforeAll(async () => {
    server = await serveApp({ chats: CHATS, output: { write: (text) => progress.push(text) } });
    const report = await server.fillForPeople();
    const [rows, expiredInDatabase] = [await storedRows(server.app.pool), await server.countExpired(30)];
    first = { ...report, rows, expiredInDatabase };
    await server.app.clock.advance(60_000);
    second = { ...(await server.fillForPeople()), rows: await storedRows(server.app.pool) };
  });
  afterAll(() => server.close());

  it("stores everything that it says, and refuses nothing", () => {
    const { tally, refused, rows } = first;
    expect(refused).toEqual({});
    expect(rows["chats"]).toHaveLength(CHATS);
    expect(rows["runs"]).toHaveLength(tally.runs);
    expect(rows["steps"]).toHaveLength(tally.steps);
    expect(tally.runs).toBeGreaterThan(50);
  });

  it("calls expired exactly the runs that a purge would find, of which there are some", () => {
    expect(first.windowDays).toBe(30);
    expect(first.expiredRuns).toBe(first.expiredInDatabase);
    expect(first.expiredRuns).toBeGreaterThan(10);
    expect(first.expiredRuns).toBeLessThan(first.tally.runs - 10);
  });

  it("gives each person chats of their own, which they read with their new key and others do not", async () => {
    const { people, tally } = first;
    expect(people.map(({ role }) => role)).toEqual(["owner", "member", "member", "member"]);
    const { id = "", owner, runs: count } = tally.sample ?? {};
    const client = server.app.client(people.find(({ email }) => email === owner)?.key ?? "");
    const runs = await client.listDebugRuns(id);
    expect(runs.length).toBeGreaterThanOrEqual(count ?? 1);
    const run = await client.getDebugRun(id, runs.at(-1)?.id ?? "");
    expect(run.steps[0]?.normalized_request).toMatchObject({ messages: expect.any(Array) });
    for (const other of people.filter(({ email }) => email !== owner)) {
      await expect(server.app.client(other.key).listDebugRuns(id)).rejects.toMatchObject({ code: "not_found" });
    }
  });

  it("records through a service account, whose key is revoked when it is done", async () => {
    const recorder = await server.app.store.findUserByEmail("recorder@demo.example");
    expect(new Set(first.rows["chats"]?.map((chat) => chat["recorder_id"]))).toEqual(new Set([recorder?.id]));
    expect(first.rows["chats"]?.some((chat) => chat["owner_id"] === recorder?.id)).toBe(false);
    const keys = await server.app.store.listApiKeys(recorder?.id ?? "");
    expect(keys.map(({ scope, revokedAt }) => ({ scope, inForce: revokedAt === null }))).toEqual([
      { scope: "ingest", inForce: false },
      { scope: "ingest", inForce: false },
    ]);
  });

  it("changes nothing the second time, but for the runs that are in progress then", () => {
    expect(second.people.map(({ email }) => email)).toEqual(first.people.map(({ email }) => email));
    expect(second.people.map(({ key }) => key)).not.toEqual(first.people.map(({ key }) => key));
    expect(second.rows["chats"]).toHaveLength(CHATS);
    const known = new Set(first.rows["runs"]?.map((run) => run["id"]));
    expect(second.rows["runs"]?.filter((run) => known.has(run["id"]))).toEqual(first.rows["runs"]);
    const added = second.rows["runs"]?.filter((run) => !known.has(run["id"])) ?? [];
    expect(added.length).toBeLessThan(10);
    expect(added.some((run) => run["status"] === "in_progress")).toBe(true);
  });

  it("makes passwords that somebody can sign in with, each shown once", async () => {
    const passwords = first.people.map(({ password }) => password ?? "");
    expect(new Set(passwords).size).toBe(4);
    for (const { email, password } of first.people) {
      expect(newPasswordSchema.safeParse(password).success).toBe(true);
      const path = "/api/auth/sign-in/email";
      const signIn = (tried: string) => server.app.request("POST", path, { json: { email, password: tried } });
      expect((await signIn(password ?? "")).status).toBe(200);
      expect((await signIn(`${password}x`)).status).toBe(401);
    }
    expect(second.people.map(({ password }) => password)).toEqual([null, null, null, null]);
    expect(describeDemo(second, server.url)).toContain("nadia@demo.example   owner   (its former password)");
  });

  it("says before it makes anybody that it ends set-up, and only where it does", () => {
    expect(progress.filter((line) => line.includes("set-up"))).toHaveLength(1);
    expect(progress[0]).toMatch(/^Nobody had an account here\. .* users create --email you@example\.com --role owner/);
  });

  it("tells a person what there is now and what to try", () => {
    const text = describeDemo(first, server.url);
    const { sample } = first.tally;
    const key = first.people.find(({ email }) => email === sample?.owner)?.key;
    expect(text).toContain(`${CHATS} chats with ${first.tally.runs} debug runs and ${first.tally.steps} steps`);
    expect(text).toContain(`${first.expiredRuns} runs are expired`);
    for (const person of first.people) expect(text).toContain(`${person.password}    `);
    for (const person of first.people) expect(text).toContain(person.key);
    expect(text).toContain(`${first.furnished.messages} messages with ${first.furnished.files} files`);
    expect(text.split("\n").slice(-3)).toEqual([
      `  curl -H 'Coder-Session-Token: ${key}' ${server.url}/api/experimental/chats/${sample?.id}/debug/runs`,
      "  npx shelflife purge --dry-run",
      "  npx shelflife purge",
    ]);
    expect(describeDemo({ ...first, windowDays: 0, expiredRuns: 0 }, server.url)).toContain("keeps for ever");
    expect(describeDemo({ ...first, refused: { gone: 3 } }, server.url)).toContain("3 items were refused: gone.");
  });

  it("tells a program the same", () => {
    const { people, tally, expiredRuns } = first;
    expect(demoToJson(first)).toMatchObject({
      people,
      chats: CHATS,
      runs: tally.runs,
      steps: tally.steps,
      debug_retention_days: 30,
      expired_runs: expiredRuns,
      messages: first.furnished.messages,
      files: first.furnished.files,
      refused: {},
      sample_chat: tally.sample,
    });
  });

  it("shows how far it has come, up to all of it", () => {
    expect(progress.at(-1)).toMatch(/^100 % {2}16 of 16 chats, \d+ runs\n$/);
  });
});

describe("filling a server with a key", () => {
  it("records everything for the key's owner, and makes nobody", async () => {
    const { app, options, url, countExpired } = await served({ chats: 4 });
    const me = await app.createUser();
    const report = await runDemoWithKey(options, me.key);
    const { chats } = await storedRows(app.pool);
    expect(chats?.map((chat) => chat["owner_id"])).toEqual([me.id, me.id, me.id, me.id]);
    expect(await app.store.listUsers()).toHaveLength(1);
    expect(report).toMatchObject({ people: [], refused: {}, windowDays: 30, expiredRuns: await countExpired(30) });
    expect(report.furnished.messages).toBeGreaterThan(0);
    expect(describeDemo(report, url)).toContain("Coder-Session-Token: <key>");
  });

  it("gives two people on one server chats of their own", async () => {
    const { app, options } = await served({ chats: 2 });
    const users = [await app.createUser(), await app.createUser()];
    for (const { key } of users) expect((await runDemoWithKey(options, key)).refused).toEqual({});
    const { chats } = await storedRows(app.pool);
    expect(chats?.map((chat) => chat["owner_id"]).toSorted()).toEqual(users.flatMap(({ id }) => [id, id]).toSorted());
  });

  it("does without the window where the key may only record", async () => {
    const { app, options, url } = await served({ chats: 1 });
    const service = await app.createUser({ scope: "ingest" });
    const report = await runDemoWithKey(options, service.key);
    expect(report).toMatchObject({ windowDays: null, expiredRuns: null, refused: {}, furnished: { messages: 0 } });
    expect(describeDemo(report, url)).toContain("may not read the retention window");
  });

  it("refuses a key that the server does not know", async () => {
    const { options } = await served({ chats: 1 });
    await expect(runDemoWithKey(options, "slf_unknown")).rejects.toMatchObject({ code: "key_refused" });
  });
});

describe("what stands in the demo's way", () => {
  it("is recording that is off: no person is made, and the sentence says how to turn it on", async () => {
    const { app, fillForPeople } = await served({ chats: 1, recordingForced: false });
    await expect(fillForPeople()).rejects.toMatchObject({
      code: "recording_off",
      message: expect.stringContaining("SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true"),
    });
    expect((await app.store.listUsers()).map(({ email }) => email)).toEqual(["recorder@demo.example"]);
  });

  it("is a server over another database: nothing is stored, and the sentence says what to do", async () => {
    const { app, options } = await served({ chats: 1 });
    const other = await createTestApp();
    const filling = runDemoForPeople(options, accountOffice(other.store), "another database");
    await expect(filling).rejects.toMatchObject({ code: "key_refused", message: expect.stringContaining("--key") });
    expect((await other.store.listUsers()).map(({ email }) => email)).toEqual(["recorder@demo.example"]);
    expect((await storedRows(app.pool))["chats"]).toEqual([]);
  });

  it("is a server that is not there", async () => {
    const { url } = await served({ chats: 1 });
    await expect(checkServerRuns(url)).resolves.toBeUndefined();
    await expect(checkServerRuns("http://127.0.0.1:1")).rejects.toMatchObject({
      code: "server_not_running",
      message: expect.stringContaining("npm start"),
    });
  });

  it("is a server of another kind", async () => {
    const server = createServer((_request, response) => response.end("hello"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    await expect(checkServerRuns(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: "server_not_running",
      message: expect.stringContaining("not a Shelflife server"),
    });
  });
});
