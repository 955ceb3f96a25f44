import { beforeEach, describe, expect, test } from "vitest";

import { codeOf } from "../../src/coded-error.ts";
import { issueSetUpLink, SET_UP_LINK_MS, type SetUpLink } from "../../src/sign-in/set-up-link.ts";
import { createTestApp, readErrorBody, type TestApp } from "../test-app.ts";
import { createPerson, PASSWORD, TestBrowser } from "./test-browser.ts";

const PATH = "/api/experimental/set-up";
const PERSON = { email: "First@Example.com", name: " The First ", password: PASSWORD, debug_logging: "opt_in" };

let app: TestApp;
let browser: TestBrowser;

beforeEach(async () => {
  app = await createTestApp();
  browser = new TestBrowser(app);
});

async function issueLink(from = app): Promise<SetUpLink> {
  const link = await issueSetUpLink(from.store, from.clock, "https://shelflife.example.com");
  if (link === undefined) throw new Error("No link was issued.");
  return link;
}

function tokenOf(link: SetUpLink): string {
  return new URLSearchParams(new URL(link.url).hash.slice(1)).get("token") ?? "";
}

function setUp(token: string, changes: object = {}): Promise<Response> {
  return browser.request("POST", PATH, { json: { ...PERSON, token, ...changes } });
}

async function countPeople(): Promise<number | null> {
  return (await app.pool.query("SELECT FROM users")).rowCount;
}

describe("setting a deployment up", () => {
  test("makes the first administrator, and signs them in", async () => {
    const token = tokenOf(await issueLink());
    const response = await setUp(token);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ email: "first@example.com", name: "The First", role: "owner" });
    expect(await (await browser.me()).json()).toMatchObject({ email: "first@example.com", may_manage_users: true });
    expect((await new TestBrowser(app).signIn("first@example.com")).status).toBe(200);
  });

  test("succeeds once", async () => {
    const token = tokenOf(await issueLink());
    await setUp(token);
    const again = await setUp(token, { email: "second@example.com" });
    expect(again.status).toBe(409);
    expect(await readErrorBody(again)).toMatchObject({ code: "conflict" });
    expect(await countPeople()).toBe(1);
  });

  test("makes one administrator where two are set up at once, by links of two replicas", async () => {
    const replica = await createTestApp({ testDatabase: app.testDatabase, clock: app.clock });
    const tokens = [tokenOf(await issueLink()), tokenOf(await issueLink(replica))];
    const answers = await Promise.all(
      tokens.map((token, index) =>
        new TestBrowser(index === 0 ? app : replica).request("POST", PATH, {
          json: { ...PERSON, token, email: `person-${index}@example.com` },
        }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
    expect(await countPeople()).toBe(1);
    expect((await app.pool.query("SELECT FROM set_up_tokens")).rowCount).toBe(0);
  });

  test("makes one administrator of eight at the same moment", async () => {
    const tokenHashes = Array.from({ length: 8 }, (_, index) => Buffer.alloc(32, index));
    const expiresAt = new Date(app.clock.now().getTime() + SET_UP_LINK_MS);
    for (const tokenHash of tokenHashes) await app.store.issueSetUpToken({ tokenHash, expiresAt });
    // Each has a connection already, so that none is late.
    await Promise.all(tokenHashes.map(() => app.pool.query("SELECT")));
    const attempts = await Promise.allSettled(
      tokenHashes.map((tokenHash, index) =>
        app.store.completeSetUp(
          { tokenHash, email: `${index}@example.com`, name: "", passwordHash: "salt:key", debugLogging: "nobody" },
          { userId: null },
        ),
      ),
    );
    const refusals = attempts.flatMap((attempt) => (attempt.status === "rejected" ? [codeOf(attempt.reason)] : []));
    expect(refusals).toEqual(Array.from({ length: 7 }, () => "conflict"));
    expect(await countPeople()).toBe(1);
  });

  test("is audited, with the address of whoever did it", async () => {
    await setUp(tokenOf(await issueLink()));
    const { rows } = await app.pool.query(
      "SELECT resource_type, resource_target, action, additional_fields, request_id IS NOT NULL AS requested FROM audit_logs ORDER BY id",
    );
    const by = { additional_fields: { subsystem: "set_up" }, requested: true };
    expect(rows).toContainEqual({
      resource_type: "user",
      resource_target: "first@example.com",
      action: "create",
      ...by,
    });
    expect(rows).toContainEqual({
      resource_type: "site_config",
      resource_target: "agents_chat_debug_logging_allow_users",
      action: "write",
      ...by,
    });
  });

  test.each([
    ["everyone", { allow_users: "true", user_default: "true" }],
    ["opt_in", { allow_users: "true", user_default: "false" }],
    ["nobody", { allow_users: "false", user_default: "false" }],
  ])("stores that %s is recorded", async (debugLogging, expected) => {
    await setUp(tokenOf(await issueLink()), { debug_logging: debugLogging });
    const { rows } = await app.pool.query<{ key: string; value: string }>("SELECT key, value FROM site_configs");
    const stored = Object.fromEntries(
      rows.map(({ key, value }) => [key.replace("agents_chat_debug_logging_", ""), value]),
    );
    expect(stored).toEqual(expected);
  });

  test("replaces what an operator had written there by SQL", async () => {
    await app.pool.query("INSERT INTO site_configs VALUES ('agents_chat_debug_logging_allow_users', 'true')");
    await setUp(tokenOf(await issueLink()), { debug_logging: "nobody" });
    const { rows } = await app.pool.query<{ value: string }>(
      "SELECT value FROM site_configs WHERE key = 'agents_chat_debug_logging_allow_users'",
    );
    expect(rows).toEqual([{ value: "false" }]);
  });

  test("is needed as long as nobody has an account", async () => {
    const needed = async (): Promise<unknown> => (await browser.request("GET", PATH)).json();
    expect(await needed()).toEqual({ needed: true });
    await setUp(tokenOf(await issueLink()));
    expect(await needed()).toEqual({ needed: false });
  });
});

describe("a link", () => {
  test("is worthless with another token, however like the right one", async () => {
    const token = tokenOf(await issueLink());
    const other = token.replace(/.$/, token.endsWith("A") ? "B" : "A");
    for (const wrong of [other, token.slice(1), "x"]) {
      const response = await setUp(wrong);
      expect(response.status).toBe(403);
      expect(await readErrorBody(response)).toMatchObject({ code: "forbidden" });
    }
    expect(await countPeople()).toBe(0);
  });

  test("is in force for less than a day", async () => {
    const token = tokenOf(await issueLink());
    await app.clock.advance(SET_UP_LINK_MS);
    expect((await setUp(token)).status).toBe(403);
    const another = tokenOf(await issueLink());
    await app.clock.advance(SET_UP_LINK_MS - 1);
    expect((await setUp(another)).status).toBe(201);
  });

  test("is worthless once the server that printed it has stopped", async () => {
    const link = await issueLink();
    await link.withdraw();
    expect((await setUp(tokenOf(link))).status).toBe(403);
  });

  test("is worthless once somebody has an account, whoever made it", async () => {
    const token = tokenOf(await issueLink());
    await createPerson(app);
    expect((await setUp(token)).status).toBe(409);
    expect(await countPeople()).toBe(1);
  });

  test("is not issued where somebody has an account", async () => {
    await createPerson(app);
    expect(await issueSetUpLink(app.store, app.clock, "https://shelflife.example.com")).toBeUndefined();
    expect((await app.pool.query("SELECT FROM set_up_tokens")).rowCount).toBe(0);
  });

  test("holds its token where no server and no log ever sees it, and the database holds a hash", async () => {
    const link = await issueLink();
    const { origin, pathname, search, hash } = new URL(link.url);
    expect(origin + pathname + search).toBe("https://shelflife.example.com/set-up");
    expect(hash).toMatch(/^#token=[\w-]{43}$/);
    await setUp(tokenOf(link));
    const { rows } = await app.pool.query<{ text: string }>("SELECT t::text AS text FROM audit_logs t");
    for (const place of [...rows.map(({ text }) => text), JSON.stringify(app.logged)]) {
      expect(place).not.toContain(tokenOf(link));
      expect(place).not.toContain(PASSWORD);
    }
  });

  test("stores a hash of its token alone", async () => {
    const link = await issueLink();
    const { rows } = await app.pool.query<{ hash: string }>(
      "SELECT encode(token_hash, 'base64') AS hash FROM set_up_tokens",
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.hash.replaceAll("+", "-").replaceAll("/", "_")).not.toContain(tokenOf(link));
  });
});

describe("what set-up is asked with", () => {
  test.each([
    ["no token", { token: undefined }, "token"],
    ["an address that is none", { email: "first" }, "email"],
    ["a password of eleven characters", { password: "x".repeat(11) }, "password"],
    ["a password of 129 characters", { password: "x".repeat(129) }, "password"],
    ["a choice that there is not", { debug_logging: "some" }, "debug_logging"],
    ["a role", { role: "owner" }, "role"],
  ])("is 400 with %s, and uses nothing up", async (_name, changes, field) => {
    const token = tokenOf(await issueLink());
    const response = await setUp(token, changes);
    expect(response.status).toBe(400);
    expect((await readErrorBody(response)).validations).toMatchObject([{ field }]);
    expect((await setUp(token)).status).toBe(201);
  });

  test.each([12, 128])("may have a password of %i characters", async (length) => {
    expect((await setUp(tokenOf(await issueLink()), { password: "p".repeat(length) })).status).toBe(201);
  });

  test("is refused where a page of another site asks for it", async () => {
    const token = tokenOf(await issueLink());
    const headers = { "Sec-Fetch-Site": "cross-site" };
    expect((await browser.request("POST", PATH, { headers, json: { ...PERSON, token } })).status).toBe(403);
    expect(await countPeople()).toBe(0);
  });

  test("is refused beyond twenty attempts a minute", async () => {
    for (let count = 0; count < 20; count += 1) expect((await setUp("x", { email: "" })).status).toBe(400);
    const refused = await setUp(tokenOf(await issueLink()));
    expect(refused.status).toBe(429);
    expect(refused.headers.get("Retry-After")).toBe("60");
  });
});
