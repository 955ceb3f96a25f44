import { beforeAll, describe, expect, test } from "vitest";

import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

const PATH = `${CHATS}/config/debug-retention-days`;

const PRESENTATIONS: [string, (key: string) => Record<string, string>][] = [
  ["the header Coder-Session-Token", (key) => ({ "Coder-Session-Token": key })],
  ["a bearer token", (key) => ({ Authorization: `Bearer ${key}` })],
  ["a bearer token of another case and spacing", (key) => ({ Authorization: `bearer   ${key} ` })],
  ["the session cookie", (key) => ({ Cookie: `other=1; coder_session_token=${key}; last=2` })],
];

let app: TestApp;
let admin: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  admin = await app.createUser({ role: "owner" });
});

describe.each(PRESENTATIONS)("a key presented as %s", (_name, present) => {
  test("is taken where it is in force", async () => {
    const { key } = admin;
    expect((await app.request("GET", PATH, { headers: present(key) })).status).toBe(200);
    const change = { headers: present(key), json: { debug_retention_days: 7 } };
    expect((await app.request("PUT", PATH, change)).status).toBe(204);
  });

  test("is 401 where nobody has such a key", async () => {
    const response = await app.request("GET", PATH, { headers: present("slf_unknown") });
    expect(response.status).toBe(401);
    expect(await readErrorBody(response)).toMatchObject({ code: "unauthenticated" });
  });

  test("is 401 from the moment it is revoked", async () => {
    const { id, key, keyId } = await app.createUser();
    await app.store.revokeApiKey({ userId: id, keyId }, { userId: null });
    expect((await app.request("GET", PATH, { headers: present(key) })).status).toBe(401);
  });

  test("is 401 where it is longer than any key", async () => {
    expect((await app.request("GET", PATH, { headers: present("x".repeat(8_000)) })).status).toBe(401);
  });
});

test.each([
  ["no header at all", {}],
  ["an empty session token", { "Coder-Session-Token": "" }],
  ["a blank session token", { "Coder-Session-Token": "   " }],
  ["an empty bearer token", { Authorization: "Bearer " }],
  ["basic authentication", { Authorization: "Basic b3duZXI6b3duZXI=" }],
  ["an empty cookie", { Cookie: "coder_session_token=" }],
  ["a broken cookie", { Cookie: ";;=;coder_session_token;%%%=%" }],
])("%s is 401", async (_name, headers) => {
  const response = await app.request("GET", PATH, { headers });
  expect(response.status).toBe(401);
});

test("a route that does not exist is 401 without a key, so that nobody learns which routes there are", async () => {
  expect((await app.request("GET", `${CHATS}/nothing/here`)).status).toBe(401);
});

test("a blank session token leaves the bearer token its turn", async () => {
  const { key } = await app.createUser();
  const headers = { "Coder-Session-Token": " ", Authorization: `Bearer ${key}` };
  expect((await app.request("GET", PATH, { headers })).status).toBe(200);
});

describe("a change that comes with the session cookie", () => {
  test.each([
    ["another site", { "Sec-Fetch-Site": "cross-site" }],
    ["a sibling domain", { "Sec-Fetch-Site": "same-site" }],
    ["another origin, by a browser too old to say more", { Origin: "https://attacker.example" }],
    ["an origin without a name", { Origin: "null" }],
  ])("is refused from %s", async (_name, headers) => {
    const { key } = admin;
    const cookie = { Cookie: `coder_session_token=${key}`, ...headers };
    const response = await app.request("PUT", PATH, { headers: cookie, json: { debug_retention_days: 99 } });
    expect(response.status).toBe(403);
    expect(await app.client(key).getDebugRetentionDays()).not.toBe(99);
  });

  test.each([
    ["a page of this server", { "Sec-Fetch-Site": "same-origin" }],
    [
      "a page of this server, by a browser too old to say more",
      { Origin: "https://shelflife.test", Host: "shelflife.test" },
    ],
  ])("is taken from %s", async (_name, headers) => {
    const { key } = admin;
    const cookie = { Cookie: `coder_session_token=${key}`, ...headers };
    const response = await app.request("PUT", PATH, { headers: cookie, json: { debug_retention_days: 7 } });
    expect(response.status).toBe(204);
  });

  test("is taken from anywhere where the key comes in a header, which no other site's page can send", async () => {
    const { key } = admin;
    const headers = { "Sec-Fetch-Site": "cross-site" };
    expect((await app.request("PUT", PATH, { key, headers, json: { debug_retention_days: 7 } })).status).toBe(204);
  });
});

test("a key's last use is written at most once a minute", async () => {
  const { id, key } = await app.createUser();
  const lastUsed = async (): Promise<Date | null | undefined> => (await app.store.listApiKeys(id))[0]?.lastUsedAt;
  await app.request("GET", PATH, { key });
  const first = app.clock.now();
  await app.clock.advance(60_000);
  await app.request("GET", PATH, { key });
  expect(await lastUsed()).toEqual(first);
  await app.clock.advance(1);
  await app.request("GET", PATH, { key });
  expect(await lastUsed()).toEqual(app.clock.now());
});
