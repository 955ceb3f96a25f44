import { createHash, createHmac } from "node:crypto";

import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";

import { CHATS, createTestApp, type TestApp } from "../test-app.ts";
import { createPerson, TestBrowser } from "./test-browser.ts";

const SETTING = `${CHATS}/config/debug-retention-days`;
const EMAIL = "person@example.com";

let app: TestApp;
let browser: TestBrowser;

beforeEach(async () => {
  app = await createTestApp();
  browser = new TestBrowser(app);
  await createPerson(app, { role: "owner" });
  await browser.signIn(EMAIL);
});

describe("a session", () => {
  test("is known by its cookie alone", async () => {
    expect((await browser.me()).status).toBe(200);
    expect((await new TestBrowser(app).me()).status).toBe(401);
    const session = await browser.request("GET", "/api/auth/get-session");
    expect(await session.json()).toMatchObject({ user: { email: EMAIL }, session: {} });
    expect(await (await new TestBrowser(app).request("GET", "/api/auth/get-session")).json()).toBeNull();
  });

  test("is worth nothing with a signature that another secret made", async () => {
    const other = await createTestApp({
      testDatabase: app.testDatabase,
      signIn: { secret: "the secret of another deployment" },
    });
    expect((await new TestBrowser(other).me({ Cookie: browser.cookies })).status).toBe(401);
  });

  test("is signed by the deployment's secret, whatever the environment holds for the library", async () => {
    vi.stubEnv("BETTER_AUTH_SECRETS", "2:the secret of something else altogether");
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const replica = await createTestApp({ testDatabase: app.testDatabase });
    expect((await new TestBrowser(replica).me({ Cookie: browser.cookies })).status).toBe(200);
  });

  test("is known to the database by a hash, which opens nothing", async () => {
    const secret = "a secret that somebody has read";
    app = await createTestApp({ testDatabase: app.testDatabase, signIn: { secret } });
    browser = new TestBrowser(app);
    await browser.signIn(EMAIL);
    const { rows } = await app.pool.query<{ token: string }>("SELECT token FROM sessions");
    const [cookie = "", token = ""] = /session_token=([^.]+)/.exec(decodeURIComponent(browser.cookies)) ?? [];
    const hash = createHash("sha256").update(token).digest("base64url");
    // Of the two sessions one was there before.
    expect([token.length, rows.length]).toEqual([32, 2]);
    expect(rows).toContainEqual({ token: hash });
    const signed = (value: string): string =>
      encodeURIComponent(`${value}.${createHmac("sha256", secret).update(value).digest("base64")}`);
    const me = async (value: string): Promise<number> =>
      (await new TestBrowser(app).me({ Cookie: `shelflife.session_token=${signed(value)}` })).status;
    expect([cookie === "", await me(token), await me(hash)]).toEqual([false, 200, 401]);
  });

  test("is worth nothing where its token was changed", async () => {
    const forged = browser.cookies.replace(/session_token=./, "session_token=_");
    expect((await new TestBrowser(app).me({ Cookie: forged })).status).toBe(401);
  });

  test("is shared by replicas that have one secret, and ends on all of them", async () => {
    const replica = await createTestApp({ testDatabase: app.testDatabase });
    const there = new TestBrowser(replica);
    expect((await there.me({ Cookie: browser.cookies })).status).toBe(200);
    const cookies = browser.cookies;
    await browser.request("POST", "/api/auth/sign-out");
    expect((await there.me({ Cookie: cookies })).status).toBe(401);
  });

  test("ends when it is signed out, and its cookie is taken back", async () => {
    const cookies = browser.cookies;
    const response = await browser.request("POST", "/api/auth/sign-out");
    expect(await response.json()).toEqual({ success: true });
    expect(browser.cookies).toBe("");
    expect((await browser.me({ Cookie: cookies })).status).toBe(401);
    expect((await app.pool.query("SELECT FROM sessions")).rowCount).toBe(0);
  });

  test("ends when it expires, and takes its cookie back", async () => {
    await app.pool.query("UPDATE sessions SET expires_at = now() - interval '1 ms'");
    expect((await browser.me()).status).toBe(401);
    expect(browser.cookies).toBe("");
  });

  test("is prolonged once a day while it is used", async () => {
    const lastDay = async (): Promise<string[]> => (await browser.me()).headers.getSetCookie();
    expect(await lastDay()).toEqual([]);
    await app.pool.query("UPDATE sessions SET expires_at = now() + interval '5 days'");
    expect(await lastDay()).toEqual([expect.stringMatching(/^shelflife\.session_token=[^;]+; Max-Age=604800;/)]);
    const prolonged = "SELECT FROM sessions WHERE expires_at > now() + interval '6 days 23 hours'";
    expect((await app.pool.query(prolonged)).rowCount).toBe(1);
  });

  test("gives its person the role that they have now", async () => {
    expect((await browser.request("PUT", SETTING, { json: { debug_retention_days: 7 } })).status).toBe(204);
    await app.pool.query("UPDATE users SET role = 'member'");
    expect((await browser.request("PUT", SETTING, { json: { debug_retention_days: 8 } })).status).toBe(403);
  });

  test("has an id of ours, and remembers where it began", async () => {
    const { rows } = await app.pool.query<{ id: string; user_agent: string }>("SELECT id, user_agent FROM sessions");
    expect(rows[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  test("goes with its person", async () => {
    await app.pool.query("DELETE FROM users");
    expect((await browser.me()).status).toBe(401);
    expect((await app.pool.query("SELECT FROM sessions")).rowCount).toBe(0);
  });
});

describe("a change that comes with a session", () => {
  const change = (headers: Record<string, string>): Promise<Response> =>
    browser.request("PUT", SETTING, { headers, json: { debug_retention_days: 99 } });

  test.each([
    ["another site", { "Sec-Fetch-Site": "cross-site" }],
    ["a sibling domain", { "Sec-Fetch-Site": "same-site" }],
    ["an address typed by hand, which sends no forms", { "Sec-Fetch-Site": "none" }],
  ])("is refused from %s", async (_name, headers) => {
    expect((await change(headers)).status).toBe(403);
  });

  test("is refused from another site where it would sign the person out", async () => {
    const headers = { "Sec-Fetch-Site": "cross-site" };
    expect((await browser.request("POST", "/api/auth/sign-out", { headers })).status).toBe(403);
    expect((await browser.me()).status).toBe(200);
  });

  test("is taken from a page of this server", async () => {
    expect((await change({})).status).toBe(204);
  });
});

describe("behind a proxy that asks under another name", () => {
  const publicUrl = "https://shelflife.example.com";
  const from = (origin: string): Record<string, string> => ({ Origin: origin, Host: "10.0.0.5:7080" });

  test("a page of the public address is the server's own, also in a browser that says only its origin", async () => {
    const behind = await createTestApp({ testDatabase: app.testDatabase, signIn: { publicUrl } });
    const json = { email: EMAIL, password: "wrong" };
    const ask = (origin: string): Promise<Response> =>
      behind.request("POST", "/api/auth/sign-in/email", { json, headers: from(origin) });
    expect((await ask(publicUrl)).status).toBe(401);
    expect((await ask("https://shelflife.example.com.attacker.example")).status).toBe(403);
    expect((await ask("null")).status).toBe(403);
  });
});

test("a key in a header counts alone, and a bad one is not made good by a session", async () => {
  expect((await browser.me({ "Coder-Session-Token": "slf_unknown" })).status).toBe(401);
  const { key } = await app.createUser({ email: "other@example.com" });
  expect(await (await browser.me({ Authorization: `Bearer ${key}` })).json()).toMatchObject({
    email: "other@example.com",
  });
});

test("a key in the old cookie still counts where the session is over", async () => {
  const { key } = await app.createUser({ email: "other@example.com" });
  await app.pool.query("DELETE FROM sessions");
  const both = `${browser.cookies}; coder_session_token=${key}`;
  expect(await (await browser.me({ Cookie: both })).json()).toMatchObject({ email: "other@example.com" });
});

test("what has expired is forgotten, and nothing else", async () => {
  await app.store.countAttempt({ key: "old", max: 1, windowMs: 1 });
  await app.clock.advance(3_600_000);
  const now = app.clock.now();
  await app.store.countAttempt({ key: "new", max: 1, windowMs: 1 });
  for (const [id, expiresAt] of [
    ["old", now],
    ["new", new Date(now.getTime() + 1)],
  ] as const) {
    await app.pool.query(
      "INSERT INTO sessions (user_id, token, expires_at) SELECT id, $1, $2 FROM users WHERE email = $3",
      [id, expiresAt, EMAIL],
    );
    await app.pool.query("INSERT INTO verifications (identifier, value, expires_at) VALUES ($1, '', $2)", [
      id,
      expiresAt,
    ]);
    await app.store.issueSetUpToken({ tokenHash: Buffer.from(id), expiresAt });
  }
  await app.store.forgetExpiredSignIns();
  const { rows } = await app.pool.query<{ left: string[] }>(
    `SELECT array(SELECT token FROM sessions WHERE token IN ('old', 'new')
            UNION ALL SELECT identifier FROM verifications
            UNION ALL SELECT convert_from(token_hash, 'UTF8') FROM set_up_tokens
            UNION ALL SELECT key FROM sign_in_attempts WHERE key IN ('old', 'new')) AS left`,
  );
  expect(rows[0]?.left).toEqual(["new", "new", "new", "new"]);
});
