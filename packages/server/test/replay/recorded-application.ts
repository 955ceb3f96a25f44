import { createAnthropic } from "@ai-sdk/anthropic";
import { createDeepSeek } from "@ai-sdk/deepseek";
import { createMistral } from "@ai-sdk/mistral";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { shelflifeRecorder, type ShelflifeRecorder } from "@shelflife/recorder";
import { ShelflifeClient } from "@shelflife/sdk";
import type { LanguageModel } from "ai";
import type pg from "pg";
import type { Registry } from "prom-client";

import { ProviderReplayServer } from "../../../recorder/test/provider-replay-server.ts";
import { authorizedStore } from "../../src/authz/authorized-store.ts";
import { buildApp } from "../../src/http/app.ts";
import { listen, type Listener } from "../../src/http/listen.ts";
import { systemClock } from "../../src/clock.ts";
import { createLog } from "../../src/log.ts";
import { purgeMetrics } from "../../src/metrics/purge-metrics.ts";
import { createRegistry } from "../../src/metrics/registry.ts";
import { tryPurgeLock } from "../../src/postgres/purge-lock.ts";
import { RETENTION_POLICIES } from "../../src/retention/policies/policy-list.ts";
import { purgeWithoutLoop } from "../../src/retention/purge-control.ts";
import { runPurgeTick, type TickReport } from "../../src/retention/purge-tick.ts";
import { createSignIn } from "../../src/sign-in/sign-in.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createStore } from "../../src/store/store.ts";
import { FakeClock } from "../fake-clock.ts";
import { createTestDatabase } from "../postgres/test-database.ts";
import { PACE } from "../retention/purge-fixture.ts";

/** An application on the AI SDK that is recorded, with the provider that answers it and the server that keeps its runs. */
export interface RecordedApplication extends AsyncDisposable {
  readonly provider: ProviderReplayServer;
  readonly recorder: ShelflifeRecorder;
  readonly warnings: string[];
  /** The SDK with the key of the person who owns the chats. */
  readonly client: ShelflifeClient;
  /** The server's clock. */
  readonly clock: FakeClock;
  readonly registry: Registry;
  readonly pool: pg.Pool;
  model(provider: string): LanguageModel;
  tick(): Promise<TickReport>;
}

/** Starts all of it on the loopback, on a database of its own. */
export async function startRecordedApplication(): Promise<RecordedApplication> {
  const { pool } = await createTestDatabase();
  const clock = new FakeClock(new Date(), { autoAdvance: true });
  const database = openDatabase(pool);
  const store = createStore({ database, directDatabase: database, clock });
  const registry = createRegistry();
  const log = createLog("silent");
  const user = await store.createUser({ email: "owner@example.com", role: "member", name: "" }, { userId: null });
  const { key } = await store.createApiKey({ userId: user.id, name: "", scope: "full" }, { userId: null });
  const app = buildApp({
    store,
    clock,
    log,
    registry,
    signIn: createSignIn({ database, store, clock, log, secret: "not used", baseUrl: () => "http://127.0.0.1" }),
    checkReadiness: () => Promise.resolve({ ready: true }),
    recordingForced: true,
    purge: purgeWithoutLoop({ policies: RETENTION_POLICIES, graceMs: 0, enabled: true }),
  });
  const listener: Listener = await listen(app.fetch, { host: "127.0.0.1", port: 0 }, systemClock);
  const provider = await ProviderReplayServer.start();
  const warnings: string[] = [];
  const recorder = shelflifeRecorder({ baseUrl: listener.url, key, onWarning: (message) => warnings.push(message) });
  const metrics = purgeMetrics(registry);

  return {
    provider,
    recorder,
    warnings,
    client: new ShelflifeClient({ baseUrl: listener.url, key }),
    clock,
    registry,
    pool,
    model(name) {
      const settings = { baseURL: provider.url, apiKey: "provider-key" };
      if (name === "anthropic") return createAnthropic(settings)("test-model");
      if (name === "deepseek") return createDeepSeek(settings)("test-model");
      if (name === "mistral") return createMistral(settings)("test-model");
      if (name === "openai responses") return createOpenAI(settings).responses("test-model");
      if (name === "openai chat") return createOpenAI(settings).chat("test-model");
      return createOpenAICompatible({ ...settings, name: "compatible", includeUsage: true })("test-model");
    },
    tick() {
      const purger = authorizedStore(store, { kind: "purger" });
      return runPurgeTick(
        {
          store: purger,
          policies: RETENTION_POLICIES,
          notifiers: [],
          clock,
          log,
          metrics,
          pace: PACE,
          graceMs: 0,
          tryLock: () => tryPurgeLock(pool),
          // The server's clock is moved by the test, and the database's does not follow.
          readDatabaseTime: () => Promise.resolve(clock.now()),
          enabled: true,
          replica: "test",
        },
        new AbortController().signal,
      );
    },
    async [Symbol.asyncDispose]() {
      await recorder.shutdown({ timeoutMs: 1_000 });
      await provider[Symbol.asyncDispose]();
      await listener.close();
    },
  };
}
