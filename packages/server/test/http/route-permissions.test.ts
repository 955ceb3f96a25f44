import { randomUUID } from "node:crypto";

import { RETENTION_SETTINGS, type RetentionSetting } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { describeApi } from "../../src/http/openapi.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp } from "../test-app.ts";

type Caller = "nobody" | "revoked" | "member" | "auditor" | "owner" | "ingest";

interface Expectation {
  /** A body that the route accepts, as JSON. */
  readonly json?: unknown;
  readonly statuses: Record<Caller, number>;
}

const OPEN = { nobody: 200, revoked: 200, member: 200, auditor: 200, owner: 200, ingest: 200 };
const NO_KEY = { nobody: 401, revoked: 401 };
const READING = { ...NO_KEY, member: 200, auditor: 200, owner: 200, ingest: 403 };
/** Of a chat that the caller does not have. */
const UNKNOWN_CHAT = { ...NO_KEY, member: 404, auditor: 404, owner: 404, ingest: 403 };

/** Every window is read by everybody and changed by administrators. */
function ofSetting({ name, field }: RetentionSetting): [string, Expectation][] {
  const changing = { ...NO_KEY, member: 403, auditor: 403, owner: 204, ingest: 403 };
  return [
    [`GET ${CHATS}/config/${name}`, { statuses: READING }],
    [`PUT ${CHATS}/config/${name}`, { json: { [field]: 30 }, statuses: changing }],
  ];
}

function everybody(status: number): Record<Caller, number> {
  return { nobody: status, revoked: status, member: status, auditor: status, owner: status, ingest: status };
}

const MANAGING = { ...NO_KEY, member: 403, auditor: 403, ingest: 403 };
const AUTH = "/api/auth";
const USERS = "/api/experimental/users";

/** Signing in is open; people see to themselves, and administrators to everybody's accounts. */
const PEOPLE: Record<string, Expectation> = {
  "GET /api/experimental/set-up": { statuses: OPEN },
  // There are people already.
  "POST /api/experimental/set-up": { statuses: everybody(409) },
  [`GET ${AUTH}/methods`]: { statuses: OPEN },
  // Without a body.
  [`POST ${AUTH}/sign-in/email`]: { statuses: everybody(400) },
  // There is no provider here.
  [`POST ${AUTH}/sign-in/oauth2`]: { statuses: everybody(404) },
  [`GET ${AUTH}/callback/oidc`]: { statuses: everybody(404) },
  [`POST ${AUTH}/sign-out`]: { statuses: OPEN },
  [`GET ${AUTH}/get-session`]: { statuses: OPEN },
  [`POST ${AUTH}/change-password`]: {
    json: { currentPassword: "x", newPassword: "x".repeat(12) },
    // They have none.
    statuses: { ...NO_KEY, member: 409, auditor: 409, owner: 409, ingest: 403 },
  },
  [`GET ${USERS}/me`]: { statuses: READING },
  [`GET ${USERS}`]: { statuses: { ...MANAGING, owner: 200 } },
  [`POST ${USERS}`]: { json: { email: "new@example.com", role: "member" }, statuses: { ...MANAGING, owner: 201 } },
  [`PATCH ${USERS}/{user}`]: { json: { role: "member" }, statuses: { ...MANAGING, owner: 404 } },
  [`GET ${USERS}/me/keys`]: { statuses: READING },
  [`POST ${USERS}/me/keys`]: {
    json: { name: "another", scope: "ingest" },
    statuses: { ...NO_KEY, member: 201, auditor: 201, owner: 201, ingest: 403 },
  },
  [`DELETE ${USERS}/me/keys/{key}`]: { statuses: UNKNOWN_CHAT },
};

const OVERSIGHT = { ...NO_KEY, member: 403, auditor: 200, owner: 200, ingest: 403 };

/** What the purge does and what is recorded: administrators change it, auditors read it with them. */
const ADMINISTRATION: Record<string, Expectation> = {
  ...Object.fromEntries(
    Object.keys(RETENTION_SETTINGS).map((name) => [
      // Without a window to look at.
      `GET ${CHATS}/config/${name}/preview`,
      { statuses: { ...OVERSIGHT, auditor: 400, owner: 400 } },
    ]),
  ),
  [`GET ${CHATS}/retention/status`]: { statuses: OVERSIGHT },
  [`GET ${CHATS}/retention/history`]: { statuses: OVERSIGHT },
  [`GET ${CHATS}/retention/ledger`]: { statuses: OVERSIGHT },
  "GET /api/experimental/audit": { statuses: OVERSIGHT },
  [`POST ${CHATS}/retention/run`]: { statuses: { ...MANAGING, owner: 200 } },
  [`POST ${CHATS}/retention/waive-grace`]: {
    // Nothing waits.
    json: { setting: "retention-days" },
    statuses: { ...MANAGING, owner: 409 },
  },
  [`GET ${CHATS}/config/debug-logging`]: {
    statuses: { ...NO_KEY, member: 404, auditor: 200, owner: 200, ingest: 403 },
  },
  [`PUT ${CHATS}/config/debug-logging`]: {
    json: { allow_users: true },
    statuses: { ...NO_KEY, member: 403, auditor: 403, owner: 204, ingest: 403 },
  },
  [`GET ${CHATS}/config/user-debug-logging`]: { statuses: READING },
  // This deployment records every chat.
  [`PUT ${CHATS}/config/user-debug-logging`]: {
    json: { debug_logging_enabled: true },
    statuses: { ...NO_KEY, member: 409, auditor: 409, owner: 409, ingest: 403 },
  },
};

const OWN = { ...NO_KEY, member: 201, auditor: 201, owner: 201, ingest: 403 };
const MESSAGE = [{ type: "text", text: "Hello" }];

/** Everybody has chats of their own, and nobody sees another's. */
const OWN_CHATS: Record<string, Expectation> = {
  [`GET ${CHATS}`]: { statuses: READING },
  [`POST ${CHATS}`]: { json: {}, statuses: OWN },
  [`GET ${CHATS}/{chat}`]: { statuses: UNKNOWN_CHAT },
  [`PATCH ${CHATS}/{chat}`]: { json: { title: "Mine" }, statuses: UNKNOWN_CHAT },
  [`GET ${CHATS}/{chat}/messages`]: { statuses: UNKNOWN_CHAT },
  [`POST ${CHATS}/{chat}/messages`]: { json: { role: "user", content: MESSAGE }, statuses: UNKNOWN_CHAT },
  [`PATCH ${CHATS}/{chat}/messages/{message}`]: { json: { content: MESSAGE }, statuses: UNKNOWN_CHAT },
  // The body goes as plain text.
  [`POST ${CHATS}/files`]: { json: {}, statuses: OWN },
  [`GET ${CHATS}/files/{file}`]: { statuses: UNKNOWN_CHAT },
};

/** What each route answers to whom. A route that is added and not written down here fails the test. */
const EXPECTED: Record<string, Expectation> = {
  "GET /healthz": { statuses: OPEN },
  "GET /readyz": { statuses: OPEN },
  "GET /metrics": { statuses: OPEN },
  ...PEOPLE,
  ...ADMINISTRATION,
  ...OWN_CHATS,
  ...Object.fromEntries(Object.values(RETENTION_SETTINGS).flatMap(ofSetting)),
  [`POST ${CHATS}/debug/batch`]: {
    json: {},
    statuses: { ...NO_KEY, member: 200, auditor: 200, owner: 200, ingest: 200 },
  },
  [`GET ${CHATS}/{chat}/debug/runs`]: { statuses: UNKNOWN_CHAT },
  [`GET ${CHATS}/{chat}/debug/runs/{run}`]: { statuses: UNKNOWN_CHAT },
  [`GET ${CHATS}/{chat}/debug/export`]: { statuses: UNKNOWN_CHAT },
  [`GET ${CHATS}/{chat}/debug/runs/{run}/export`]: { statuses: UNKNOWN_CHAT },
  [`GET ${CHATS}/{chat}/debug/runs/{run}/steps/{step}`]: { statuses: UNKNOWN_CHAT },
  "POST /v1/traces": {
    json: {},
    // Who may, is told how to send it: these requests do not say what they hold.
    statuses: { ...NO_KEY, member: 415, auditor: 415, owner: 415, ingest: 415 },
  },
};

const CALLERS = Object.keys(OPEN) as Caller[];

let app: TestApp;
const keys = new Map<Caller, string>();

beforeAll(async () => {
  app = await createTestApp();
  for (const role of ["member", "auditor", "owner"] as const) keys.set(role, (await app.createUser({ role })).key);
  // The strongest role, so that nothing but the scope of the key can be what refuses it.
  keys.set("ingest", (await app.createUser({ role: "owner", scope: "ingest" })).key);
  const left = await app.createUser({ role: "owner" });
  await app.store.revokeApiKey({ userId: left.id, keyId: left.keyId }, { userId: null });
  keys.set("revoked", left.key);
});

function documentedRoutes(): string[] {
  const paths = Object.entries(describeApi(app.app).paths ?? {});
  return paths.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
}

async function ask(route: string, caller: Caller, body?: string): Promise<Response> {
  const [method = "", path = ""] = route.split(" ");
  const key = keys.get(caller);
  return app.request(
    method,
    path.replaceAll(/\{\w+\}/g, () => randomUUID()),
    {
      ...(key === undefined ? {} : { key }),
      ...(body === undefined ? {} : { body }),
    },
  );
}

test("every documented route has an expectation, and every expectation a route", () => {
  expect(documentedRoutes().toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
});

test("every route that is mounted is documented, but for the document itself", () => {
  const mounted = app.app.routes.filter(({ method }) => method !== "ALL");
  const names = new Set(mounted.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`));
  names.delete("GET /openapi.json");
  expect([...names].toSorted()).toEqual(documentedRoutes().toSorted());
});

describe.each(Object.entries(EXPECTED))("%s", (route, { json, statuses }) => {
  test("answers each caller as the table says", async () => {
    const answered: Record<string, number> = {};
    for (const caller of CALLERS) {
      const response = await ask(route, caller, json === undefined ? undefined : JSON.stringify(json));
      answered[caller] = response.status;
      if (response.status >= 400) expect((await readErrorBody(response)).code).toMatch(/^[a-z_]+$/);
    }
    expect(answered).toEqual(statuses);
  });
});

describe.each(Object.entries(EXPECTED).filter(([, { json }]) => json !== undefined))("%s", (route, { statuses }) => {
  test("refuses before it looks at the body", async () => {
    for (const caller of CALLERS.filter((name) => [401, 403].includes(statuses[name]))) {
      expect((await ask(route, caller, "{malformed")).status).toBe(statuses[caller]);
    }
  });
});

test("the document of the API is open to everybody", async () => {
  expect((await app.request("GET", "/openapi.json")).status).toBe(200);
});
