import { beforeEach, describe, expect, test } from "vitest";

import { createTestApp, readErrorBody, type TestApp } from "../test-app.ts";
import { createPerson, PASSWORD, TestBrowser } from "./test-browser.ts";

let app: TestApp;
let browser: TestBrowser;

beforeEach(async () => {
  app = await createTestApp();
  browser = new TestBrowser(app);
});

describe("signing in with a password", () => {
  test("answers who signed in, and opens what the person may do", async () => {
    const person = await createPerson(app, { role: "auditor" });
    const response = await browser.signIn("Person@Example.com");
    expect(response.status).toBe(200);
    const expected = { id: person.id, email: "person@example.com", name: "A Person", role: "auditor" };
    expect(await response.json()).toMatchObject({ user: expected });
    expect(await (await browser.me()).json()).toMatchObject({
      ...expected,
      may_read_deployment: true,
      may_update_deployment: false,
    });
  });

  test("gives no script the session: it is in a cookie that only the server sees", async () => {
    await createPerson(app);
    const response = await browser.signIn("person@example.com");
    const [cookie = "", ...others] = response.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toMatch(/^shelflife\.session_token=[^;]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/);
    const [, token = ""] = /session_token=([^.]+)\./.exec(decodeURIComponent(cookie)) ?? [];
    expect(token).toHaveLength(32);
    expect(await response.text()).not.toContain(token);
    expect(await (await browser.request("GET", "/api/auth/get-session")).text()).not.toContain(token);
  });

  test("sets a cookie for https alone where browsers reach the server over it", async () => {
    const secure = await createTestApp({ signIn: { publicUrl: "https://shelflife.example.com" } });
    await createPerson(secure);
    const over = new TestBrowser(secure);
    const [cookie] = (await over.signIn("person@example.com")).headers.getSetCookie();
    expect(cookie).toMatch(/^__Secure-shelflife\.session_token=[^;]+;.*; HttpOnly; Secure; SameSite=Lax$/);
    expect((await over.me()).status).toBe(200);
  });

  test.each([
    ["the password is another", "person@example.com", "correct horse batterY"],
    ["nobody has the address", "nobody@example.com", PASSWORD],
    ["the person has no password", "keys-only@example.com", PASSWORD],
  ])("is refused in the same words where %s", async (_name, email, password) => {
    await createPerson(app);
    await createPerson(app, { email: "keys-only@example.com", passwordHash: undefined });
    const response = await browser.signIn(email, password);
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await readErrorBody(response)).toEqual({
      code: "unauthenticated",
      message: "The e-mail address or the password is wrong.",
    });
    expect((await app.pool.query("SELECT FROM sessions")).rowCount).toBe(0);
  });

  test.each([
    ["no address", { password: PASSWORD }, "email"],
    ["a password that is no text", { email: "person@example.com", password: 12 }, "password"],
    ["a password longer than any", { email: "person@example.com", password: "x".repeat(129) }, "password"],
    [
      "a field that does not belong there",
      { email: "person@example.com", password: PASSWORD, callbackURL: "/" },
      "callbackURL",
    ],
  ])("is 400 with %s, and names the field", async (_name, json, field) => {
    const response = await browser.request("POST", "/api/auth/sign-in/email", { json });
    expect(response.status).toBe(400);
    expect((await readErrorBody(response)).validations).toMatchObject([{ field }]);
  });

  test("is refused with a body beyond all measure", async () => {
    const body = JSON.stringify({ email: "person@example.com", password: "x".repeat(1024 * 1024) });
    expect((await browser.request("POST", "/api/auth/sign-in/email", { body })).status).toBe(413);
  });

  test.each([
    ["another site", { "Sec-Fetch-Site": "cross-site" }],
    ["a sibling domain", { "Sec-Fetch-Site": "same-site" }],
    ["another origin, by a browser too old to say more", { "Sec-Fetch-Site": "", Origin: "https://attacker.example" }],
  ])("is refused where a page of %s asks for it", async (_name, headers) => {
    await createPerson(app);
    const json = { email: "person@example.com", password: PASSWORD };
    const response = await browser.request("POST", "/api/auth/sign-in/email", { headers, json });
    expect(response.status).toBe(403);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test("leaves neither password nor session in any log", async () => {
    await createPerson(app);
    await browser.signIn("person@example.com");
    await browser.signIn("person@example.com", "a wrong password");
    await browser.request("POST", "/api/auth/sign-out");
    const { rows } = await app.pool.query<{ password: string }>("SELECT password FROM accounts");
    const logged = JSON.stringify(app.logged);
    expect(app.logged.length).toBeGreaterThan(2);
    for (const secret of [PASSWORD, "a wrong password", rows[0]?.password ?? "", "session_token"]) {
      expect(logged).not.toContain(secret);
    }
  });
});

describe("attempts to sign in", () => {
  const attempt = (): Promise<Response> => browser.signIn("person@example.com", "wrong");

  async function exhaust(): Promise<void> {
    for (let count = 0; count < 20; count += 1) expect((await attempt()).status).toBe(401);
  }

  test("are refused beyond twenty a minute, the right password included, until the minute is over", async () => {
    await createPerson(app);
    await exhaust();
    await app.clock.advance(59_001);
    const refused = await browser.signIn("person@example.com");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("Retry-After")).toBe("1");
    expect(await readErrorBody(refused)).toEqual({
      code: "rate_limited",
      message: "Too many attempts; try again in 1 second.",
    });
    await app.clock.advance(999);
    expect((await browser.signIn("person@example.com")).status).toBe(200);
  });

  test("are counted together by all replicas", async () => {
    await createPerson(app);
    await exhaust();
    const replica = await createTestApp({ testDatabase: app.testDatabase, clock: app.clock });
    expect((await new TestBrowser(replica).signIn("person@example.com")).status).toBe(429);
  });

  test("are counted before the body is looked at", async () => {
    for (let count = 0; count < 20; count += 1) {
      await browser.request("POST", "/api/auth/sign-in/email", { body: "{" });
    }
    expect((await attempt()).status).toBe(429);
  });
});
