import { Writable } from "node:stream";

import type { ErrorBody, KeyScope, Role } from "@shelflife/api-contract";
import { ShelflifeClient } from "@shelflife/sdk";
import type pg from "pg";
import { Registry } from "prom-client";

import { buildApp } from "../src/http/app.ts";
import { createLog } from "../src/log.ts";
import type { OpenIdConnect } from "../src/sign-in/openid-connect.ts";
import { createSignIn } from "../src/sign-in/sign-in.ts";
import { RETENTION_POLICIES } from "../src/retention/policies/policy-list.ts";
import { purgeWithoutLoop, type PurgeControl } from "../src/retention/purge-control.ts";
import { openDatabase, type Database } from "../src/store/database.ts";
import { createStore, type Store } from "../src/store/store.ts";
import { FakeClock } from "./fake-clock.ts";
import { createTestDatabase, type TestDatabase } from "./postgres/test-database.ts";

/** The prefix of every route that needs a key. */
export const CHATS = "/api/experimental/chats";

const BASE_URL = "http://shelflife.test";

/** Changes that a test makes before it begins are nobody's. */
const NOBODY = { userId: null };

export interface TestUser {
  readonly id: string;
  readonly email: string;
  readonly key: string;
  /** Of the key. */
  readonly keyId: string;
}

export interface TestRequest {
  /** Sent as `Coder-Session-Token`. */
  readonly key?: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  readonly headers?: Record<string, string>;
}

export interface TestApp {
  readonly app: ReturnType<typeof buildApp>;
  readonly pool: pg.Pool;
  readonly testDatabase: TestDatabase;
  readonly database: Database;
  /** The store as it is, for what a test sets up and looks at. */
  readonly store: Store;
  readonly clock: FakeClock;
  readonly registry: Registry;
  /** Everything that was logged, parsed. */
  readonly logged: Record<string, unknown>[];
  createUser(user?: { role?: Role; scope?: KeyScope; email?: string }): Promise<TestUser>;
  /** A further key of a person. */
  createKey(userId: string, scope: KeyScope): Promise<string>;
  /** The SDK's client, which calls this application. */
  client(key: string): ShelflifeClient;
  /** One request as it is, for what the SDK's client would never send. */
  request(method: string, path: string, request?: TestRequest): Promise<Response>;
}

export interface TestAppOptions {
  readonly clock?: FakeClock;
  readonly recordingForced?: boolean;
  /** What differs from a purge without a loop, a grace period and further policies. */
  readonly purge?: Partial<PurgeControl>;
  /** Where a built web interface is; none is served without it. */
  readonly webFolder?: string;
  /** How people sign in, where it matters: the server's address, its secret, and an OpenID Connect provider. */
  readonly signIn?: { readonly publicUrl?: string; readonly secret?: string; readonly provider?: OpenIdConnect };
  readonly trustedProxies?: readonly string[];
  /** Another application's, for two that share a database. */
  readonly testDatabase?: TestDatabase;
  /** Puts something between the application and its store, to see what it is asked for. */
  readonly around?: (store: Store) => Store;
}

/** The whole application over a database of its own, with a clock that stands still until the test moves it. */
export async function createTestApp({
  clock = new FakeClock(),
  recordingForced = true,
  purge = {},
  webFolder,
  signIn: { publicUrl, secret = "a secret of this test application", provider } = {},
  trustedProxies = [],
  testDatabase,
  around = (store) => store,
}: TestAppOptions = {}): Promise<TestApp> {
  const chosen = testDatabase ?? (await createTestDatabase());
  const database = openDatabase(chosen.pool);
  const store = around(createStore({ database, directDatabase: database, clock }));
  const registry = new Registry();
  const logged: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const log = createLog("debug", sink);
  const baseUrl = (): string => publicUrl ?? BASE_URL;
  const app = buildApp({
    store,
    clock,
    log,
    registry,
    signIn: createSignIn({ database, store, clock, log, secret, baseUrl, provider }),
    publicUrl,
    trustedProxies,
    checkReadiness: () => Promise.resolve({ ready: true }),
    recordingForced,
    purge: { ...purgeWithoutLoop({ policies: RETENTION_POLICIES, graceMs: 0, enabled: true }), ...purge },
    ...(webFolder === undefined ? {} : { webFolder }),
  });
  const createKey = async (userId: string, scope: KeyScope): Promise<{ key: string; keyId: string }> => {
    const { key, apiKey } = await store.createApiKey({ userId, name: "test", scope }, NOBODY);
    return { key, keyId: apiKey.id };
  };
  let users = 0;
  return {
    app,
    pool: chosen.pool,
    testDatabase: chosen,
    database,
    store,
    clock,
    registry,
    logged,
    async createUser({ role = "member", scope = "full", email } = {}) {
      users += 1;
      const address = email ?? `${role}-${users}@example.com`;
      const user = await store.createUser({ email: address, role, name: "" }, NOBODY);
      return { id: user.id, email: user.email, ...(await createKey(user.id, scope)) };
    },
    async createKey(userId, scope) {
      const { key } = await createKey(userId, scope);
      return key;
    },
    client: (key) => new ShelflifeClient({ baseUrl: BASE_URL, key, fetch: (request) => app.request(request) }),
    async request(method, path, { key, json, body, headers = {} } = {}) {
      const content = json === undefined ? body : JSON.stringify(json);
      return app.request(`${BASE_URL}${path}`, {
        method,
        headers: { ...(key === undefined ? {} : { "Coder-Session-Token": key }), ...headers },
        ...(content === undefined ? {} : { body: content, duplex: "half" }),
      });
    },
  };
}

/** The body of an answer that is not a success. */
export async function readErrorBody(response: Response): Promise<ErrorBody> {
  return (await response.json()) as ErrorBody;
}
