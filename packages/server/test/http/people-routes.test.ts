import { randomUUID } from "node:crypto";

import { ShelflifeError } from "@shelflife/sdk";
import { beforeEach, describe, expect, test } from "vitest";

import { codeOf } from "../../src/coded-error.ts";
import { createPerson, PASSWORD, TestBrowser } from "../sign-in/test-browser.ts";
import { createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

const USERS = "/api/experimental/users";
const KEYS = `${USERS}/me/keys`;

let app: TestApp;
let admin: TestUser;

beforeEach(async () => {
  app = await createTestApp();
  admin = await app.createUser({ role: "owner", email: "admin@example.com" });
});

async function audited(): Promise<unknown[]> {
  const { rows } = await app.pool.query<object>(
    "SELECT user_id, resource_type, resource_target, action, diff FROM audit_logs WHERE user_id IS NOT NULL ORDER BY id",
  );
  return rows;
}

describe("me", () => {
  test.each([
    ["member", [false, false, false, false, false]],
    ["auditor", [true, false, true, false, false]],
    ["owner", [true, true, true, true, true]],
  ] as const)("says what a %s may do", async (role, expected) => {
    const user = await app.createUser({ role });
    const me = await app.client(user.key).people.me();
    expect(me).toMatchObject({ id: user.id, email: user.email, role, created_at: app.clock.now().toISOString() });
    expect([
      me.may_read_deployment,
      me.may_update_deployment,
      me.may_read_retention,
      me.may_run_purge,
      me.may_manage_users,
    ]).toEqual(expected);
  });

  test("says nothing to a key that may only record", async () => {
    const { key } = await app.createUser({ role: "owner", scope: "ingest" });
    const error: unknown = await app
      .client(key)
      .people.me()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ShelflifeError);
    expect(error).toMatchObject({ status: 403, code: "insufficient_scope" });
  });
});

describe("accounts", () => {
  test("are made by administrators, who can sign in with the password that they were given", async () => {
    const { people } = app.client(admin.key);
    const made = await people.create({ email: "New@Example.com", name: " New ", role: "auditor", password: PASSWORD });
    expect(made).toMatchObject({ email: "new@example.com", name: "New", role: "auditor" });
    expect(await people.list()).toMatchObject([{ email: "admin@example.com" }, made]);
    expect((await new TestBrowser(app).signIn("new@example.com")).status).toBe(200);
    expect(await audited()).toEqual([
      {
        user_id: admin.id,
        resource_type: "user",
        resource_target: "new@example.com",
        action: "create",
        diff: { role: { old: null, new: "auditor" } },
      },
    ]);
  });

  test("without a password cannot be signed in with one", async () => {
    await app.client(admin.key).people.create({ email: "new@example.com", role: "member" });
    expect((await new TestBrowser(app).signIn("new@example.com")).status).toBe(401);
  });

  test("are refused for an address that somebody has, whatever its case", async () => {
    const response = await app.request("POST", USERS, {
      key: admin.key,
      json: { email: "ADMIN@example.com", role: "member" },
    });
    expect(response.status).toBe(409);
    expect(await readErrorBody(response)).toMatchObject({ code: "conflict", validations: [{ field: "email" }] });
  });

  test.each([
    ["a role that there is not", { email: "new@example.com", role: "root" }, "role"],
    ["an address that is none", { email: "new", role: "member" }, "email"],
    ["a short password", { email: "new@example.com", role: "member", password: "short" }, "password"],
    ["a field that there is not", { email: "new@example.com", role: "member", id: randomUUID() }, "id"],
  ])("are refused with %s", async (_name, json, field) => {
    const response = await app.request("POST", USERS, { key: admin.key, json });
    expect(response.status).toBe(400);
    expect((await readErrorBody(response)).validations).toMatchObject([{ field }]);
  });

  test("never show a password or what it is checked against", async () => {
    await createPerson(app, { email: "new@example.com" });
    const { rows } = await app.pool.query<{ password: string }>("SELECT password FROM accounts");
    const listed = await (await app.request("GET", USERS, { key: admin.key })).text();
    expect(listed).toContain("new@example.com");
    expect(listed).not.toContain(rows[0]?.password);
    expect(listed).not.toContain("password");
  });
});

describe("a role", () => {
  const change = (userId: string, role: string, key = admin.key): Promise<Response> =>
    app.request("PATCH", `${USERS}/${userId}`, { key, json: { role } });

  test("is changed from the next request on, and audited with the old and the new one", async () => {
    const user = await app.createUser({ email: "user@example.com" });
    expect((await change(user.id, "owner")).status).toBe(204);
    expect((await app.client(user.key).people.me()).may_manage_users).toBe(true);
    expect(await audited()).toEqual([
      {
        user_id: admin.id,
        resource_type: "user",
        resource_target: "user@example.com",
        action: "write",
        diff: { role: { old: "member", new: "owner" } },
      },
    ]);
  });

  test("that somebody has already changes nothing and is not audited", async () => {
    expect((await change(admin.id, "owner")).status).toBe(204);
    expect(await audited()).toEqual([]);
  });

  test("of the last administrator stays", async () => {
    const response = await change(admin.id, "member");
    expect(response.status).toBe(409);
    expect(await readErrorBody(response)).toMatchObject({ code: "conflict" });
    expect((await app.client(admin.key).people.me()).role).toBe("owner");
  });

  test("of administrators who all step down at once is kept by one", async () => {
    const owners = [admin.id];
    for (let count = 1; count < 6; count += 1) owners.push((await app.createUser({ role: "owner" })).id);
    // Each has a connection already, so that none is late.
    await Promise.all(owners.map(() => app.pool.query("SELECT")));
    // Of the store, since a request of the second could find them an administrator no more.
    const changes = await Promise.allSettled(
      owners.map((userId) => app.store.changeUserRole({ userId, role: "member" }, { userId: null })),
    );
    const refusals = changes.flatMap((change) => (change.status === "rejected" ? [codeOf(change.reason)] : []));
    expect(refusals).toEqual(["conflict"]);
    expect((await app.pool.query("SELECT FROM users WHERE role = 'owner'")).rowCount).toBe(1);
  });

  test("is nobody's where there is no such person, and 400 where that is no id", async () => {
    expect((await change(randomUUID(), "member")).status).toBe(404);
    expect((await change("me", "member")).status).toBe(400);
  });
});

describe("one's own keys", () => {
  test("are made, listed and revoked by oneself, with a session as with a key", async () => {
    const person = await createPerson(app);
    const browser = new TestBrowser(app);
    await browser.signIn(person.email);
    const response = await browser.request("POST", KEYS, { json: { name: " laptop ", scope: "full" } });
    expect(response.status).toBe(201);
    const { key, ...made } = (await response.json()) as { key: string; id: string };
    expect(made).toMatchObject({ name: "laptop", scope: "full", last_used_at: null, revoked_at: null });

    const { people } = app.client(key);
    expect(await people.listKeys()).toEqual([{ ...made, last_used_at: app.clock.now().toISOString() }]);
    await people.revokeKey(made.id);
    expect((await app.request("GET", KEYS, { key })).status).toBe(401);
    expect(await audited()).toMatchObject([
      { user_id: person.id, resource_type: "api_key", resource_target: "laptop", action: "create" },
      { user_id: person.id, resource_type: "api_key", resource_target: "laptop", action: "delete" },
    ]);
  });

  test("are shown once: no list, no log and no table holds one", async () => {
    const { key } = await app.client(admin.key).people.createKey({ name: "once", scope: "ingest" });
    const { rows } = await app.pool.query<{ text: string }>(
      "SELECT k::text AS text FROM api_keys k UNION ALL SELECT a::text FROM audit_logs a",
    );
    const listed = JSON.stringify(await app.client(admin.key).people.listKeys());
    expect(listed).toContain(key.slice(0, 12));
    for (const place of [listed, JSON.stringify(app.logged), JSON.stringify(rows)]) expect(place).not.toContain(key);
  });

  test("are nobody else's, an administrator's neither", async () => {
    const user = await app.createUser();
    const response = await app.request("DELETE", `${KEYS}/${user.keyId}`, { key: admin.key });
    expect(response.status).toBe(404);
    expect((await app.client(user.key).people.me()).id).toBe(user.id);
    expect(await app.client(admin.key).people.listKeys()).toMatchObject([{ id: admin.keyId }]);
  });

  test("are revoked once", async () => {
    const { people } = app.client(admin.key);
    const { id } = await people.createKey({ name: "another", scope: "full" });
    await people.revokeKey(id);
    expect((await app.request("DELETE", `${KEYS}/${id}`, { key: admin.key })).status).toBe(404);
  });

  test.each([
    ["without a name", { scope: "full" }, "name"],
    ["with a blank name", { name: "  ", scope: "full" }, "name"],
    ["with a scope that there is not", { name: "a", scope: "all" }, "scope"],
    ["for somebody else", { name: "a", scope: "full", user_id: randomUUID() }, "user_id"],
  ])("are refused %s", async (_name, json, field) => {
    const response = await app.request("POST", KEYS, { key: admin.key, json });
    expect(response.status).toBe(400);
    expect((await readErrorBody(response)).validations).toMatchObject([{ field }]);
  });
});

describe("changing one's password", () => {
  const PATH = "/api/auth/change-password";
  const NEW_PASSWORD = "another battery staple";
  const CHANGE = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  let browser: TestBrowser;

  beforeEach(async () => {
    await createPerson(app);
    browser = new TestBrowser(app);
    await browser.signIn("person@example.com");
  });

  test("leaves the session that did it, and ends all others", async () => {
    const elsewhere = new TestBrowser(app);
    await elsewhere.signIn("person@example.com");
    expect((await browser.request("POST", PATH, { json: CHANGE })).status).toBe(200);
    expect((await browser.me()).status).toBe(200);
    expect((await elsewhere.me()).status).toBe(401);
    expect((await elsewhere.signIn("person@example.com", PASSWORD)).status).toBe(401);
    expect((await elsewhere.signIn("person@example.com", NEW_PASSWORD)).status).toBe(200);
  });

  test("leaves other people's sessions and passwords", async () => {
    await createPerson(app, { email: "other@example.com" });
    const other = new TestBrowser(app);
    await other.signIn("other@example.com");
    await browser.request("POST", PATH, { json: CHANGE });
    expect((await other.me()).status).toBe(200);
    expect((await other.signIn("other@example.com", PASSWORD)).status).toBe(200);
  });

  test("is audited without either password", async () => {
    await app.clock.advance(1_000);
    await browser.request("POST", PATH, { json: CHANGE });
    const entries = await audited();
    expect(entries).toMatchObject([{ resource_target: "person@example.com", action: "write" }]);
    expect(entries).toMatchObject([{ diff: { password_set_at: { new: app.clock.now().toISOString() } } }]);
    for (const place of [JSON.stringify(entries), JSON.stringify(app.logged)]) {
      for (const password of [PASSWORD, NEW_PASSWORD]) expect(place).not.toContain(password);
    }
  });

  test("is refused where the current one is wrong, and changes nothing", async () => {
    const response = await browser.request("POST", PATH, { json: { ...CHANGE, currentPassword: NEW_PASSWORD } });
    expect(response.status).toBe(400);
    expect((await readErrorBody(response)).validations).toMatchObject([{ field: "currentPassword" }]);
    expect((await new TestBrowser(app).signIn("person@example.com", PASSWORD)).status).toBe(200);
  });

  test("is refused beyond ten attempts in a quarter of an hour, for this person alone", async () => {
    const wrong = { ...CHANGE, currentPassword: "wrong" };
    for (let count = 0; count < 10; count += 1) {
      expect((await browser.request("POST", PATH, { json: wrong })).status).toBe(400);
    }
    expect((await browser.request("POST", PATH, { json: CHANGE })).status).toBe(429);
    await createPerson(app, { email: "other@example.com" });
    const other = new TestBrowser(app);
    await other.signIn("other@example.com");
    expect((await other.request("POST", PATH, { json: CHANGE })).status).toBe(200);
    await app.clock.advance(900_000);
    expect((await browser.request("POST", PATH, { json: CHANGE })).status).toBe(200);
  });

  test("is 409 where one has none", async () => {
    const response = await app.request("POST", PATH, { key: admin.key, json: CHANGE });
    expect(response.status).toBe(409);
  });

  test("is refused from a page of another site", async () => {
    const headers = { "Sec-Fetch-Site": "cross-site" };
    expect((await browser.request("POST", PATH, { headers, json: CHANGE })).status).toBe(403);
  });
});

test.each([
  "sign-up/email",
  "list-sessions",
  "update-user",
  "delete-user",
  "ok",
  "error",
  "sign-in/social",
  "callback/x",
  "change-password/x",
])("nothing else of the library is reachable, for anybody: /api/auth/%s", async (path) => {
  for (const headers of [{}, { "Coder-Session-Token": admin.key }]) {
    expect((await app.request("GET", `/api/auth/${path}`, { headers })).status).toBe(404);
    expect((await app.request("POST", `/api/auth/${path}`, { headers, json: {} })).status).toBe(404);
  }
});

test.each([
  [KEYS, { name: "a\0b", scope: "ingest" }],
  [USERS, { email: "new@example.com", name: "a\0b", role: "member" }],
])("%s refuses a name that no text column takes, and says which field", async (path, json) => {
  const response = await app.request("POST", path, { key: admin.key, json });
  expect(response.status).toBe(400);
  expect(await readErrorBody(response)).toMatchObject({
    validations: [{ field: "name", detail: "must not hold the character U+0000" }],
  });
});
