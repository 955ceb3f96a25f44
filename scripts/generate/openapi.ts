import { systemClock } from "../../packages/server/src/clock.ts";
import { buildApp } from "../../packages/server/src/http/app.ts";
import { describeApi } from "../../packages/server/src/http/openapi.ts";
import { createLog } from "../../packages/server/src/log.ts";
import { createRegistry } from "../../packages/server/src/metrics/registry.ts";
import { purgeWithoutLoop } from "../../packages/server/src/retention/purge-control.ts";
import { createSignIn } from "../../packages/server/src/sign-in/sign-in.ts";
import { createPool } from "../../packages/server/src/postgres/pool.ts";
import { openDatabase } from "../../packages/server/src/store/database.ts";
import { createStore } from "../../packages/server/src/store/store.ts";

/** The OpenAPI document of the application, which is built for it and never asked anything. */
export function openapiJson(): string {
  const log = createLog("silent");
  // A pool opens no connection before its first query, so that no database is needed.
  const database = openDatabase(
    createPool({ url: "postgres://nobody@127.0.0.1/nothing", applicationName: "generate", log }),
  );
  const clock = systemClock;
  const store = createStore({ database, directDatabase: database, clock });
  const app = buildApp({
    store,
    clock,
    signIn: createSignIn({ database, store, clock, log, secret: "not used", baseUrl: () => "http://127.0.0.1" }),
    log,
    registry: createRegistry(),
    checkReadiness: () => Promise.resolve({ ready: true }),
    recordingForced: false,
    purge: purgeWithoutLoop({ policies: [], graceMs: 0, enabled: true }),
  });
  return `${JSON.stringify(describeApi(app), null, 2)}\n`;
}
