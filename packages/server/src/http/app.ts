import { OpenAPIHono } from "@hono/zod-openapi";
import { secureHeaders } from "hono/secure-headers";
import type { Registry } from "prom-client";

import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { PurgeControl } from "../retention/purge-control.ts";
import { newId } from "../store/database.ts";
import type { SignIn } from "../sign-in/sign-in.ts";
import type { Store } from "../store/store.ts";
import { authenticate } from "./authenticate.ts";
import { clientAddress, trustedProxyList } from "./client-address.ts";
import type { Environment } from "./environment.ts";
import { notFound } from "./http-error.ts";
import { describeMisdirectedExport, isOtlpTraces, OTLP_TRACES } from "./misdirected-export.ts";
import { describeApi, describeSecurity } from "./openapi.ts";
import { renderError } from "./render-error.ts";
import { renderOtlpError } from "./render-otlp-error.ts";
import { mountRoute } from "./route.ts";
import { auditRoute } from "./routes/audit.ts";
import { chatRoutes } from "./routes/chats.ts";
import { debugBatchRoute } from "./routes/debug-batch.ts";
import { debugExportRoutes } from "./routes/debug-export.ts";
import { debugLoggingRoutes } from "./routes/debug-logging.ts";
import { debugRunRoutes } from "./routes/debug-runs.ts";
import { fileRoutes } from "./routes/files.ts";
import { keyRoutes } from "./routes/keys.ts";
import { messageRoutes } from "./routes/messages.ts";
import { operationRoutes, type ReadinessCheck } from "./routes/operations.ts";
import { passwordRoute } from "./routes/password.ts";
import { otlpTracesRoute } from "./routes/otlp-traces.ts";
import { retentionLedgerRoute } from "./routes/retention-ledger.ts";
import { retentionPreviewRoutes } from "./routes/retention-preview.ts";
import { retentionSettingRoutes } from "./routes/retention-settings.ts";
import { retentionStatusRoutes } from "./routes/retention-status.ts";
import { setUpRoutes } from "./routes/set-up.ts";
import { signInRoutes } from "./routes/sign-in.ts";
import { userRoutes } from "./routes/users.ts";
import { mountWebApp } from "./routes/web-app.ts";

export interface AppDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: Registry;
  readonly checkReadiness: ReadinessCheck;
  readonly signIn: SignIn;
  /** Where browsers reach this server, as its operator says. */
  readonly publicUrl?: string | undefined;
  /** Proxies whose word is taken for a client's address. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Whether the deployment records every chat. */
  readonly recordingForced: boolean;
  /** The purge of this process. */
  readonly purge: PurgeControl;
  /** Told how long each request under `/api` took, in milliseconds. */
  readonly observeRequest?: (ms: number) => void;
  /** Brings the metrics that are measured and not counted up to date. */
  readonly refreshMetrics?: () => Promise<void>;
  /** Where the built web interface is; without it none is served. */
  readonly webFolder?: string;
}

const AUDIT = "/api/experimental/audit";
const AUTH = "/api/auth";
const CHATS = "/api/experimental/chats";
const SET_UP = "/api/experimental/set-up";
const USERS = "/api/experimental/users";

/** Builds the HTTP application. Every route is listed here, in order. */
export function buildApp(dependencies: AppDependencies): OpenAPIHono<Environment> {
  const { store, clock, log, registry, checkReadiness, recordingForced, purge, webFolder } = dependencies;
  const { observeRequest, refreshMetrics = () => Promise.resolve() } = dependencies;
  const { signIn, publicUrl, trustedProxies = [] } = dependencies;
  const authentication = { store, signIn, publicUrl };
  const trusted = trustedProxyList(trustedProxies);
  // A slash at the end of an address changes nothing.
  const app = new OpenAPIHono<Environment>({ strict: false });

  app.use(async (context, next) => {
    const requestId = newId();
    context.set("requestId", requestId);
    context.set("log", log.child({ request_id: requestId }));
    context.set("clientAddress", clientAddress(context, trusted));
    const started = clock.monotonic();
    await next();
    context.header("X-Request-Id", requestId);
    const ms = clock.monotonic() - started;
    if (context.req.path.startsWith("/api/")) observeRequest?.(ms);
    context.get("log").debug(
      {
        method: context.req.method,
        path: context.req.path,
        status: context.res.status,
        ms: Math.round(ms),
      },
      "request",
    );
  });
  // A page of the web interface sets a policy of its own.
  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      xFrameOptions: "DENY",
      overwrite: false,
    }),
  );
  app.onError((error, context) => {
    const render = isOtlpTraces(context) ? renderOtlpError : renderError;
    return render(error, context);
  });
  app.notFound((context) => renderError(describeMisdirectedExport(context) ?? notFound("route"), context));

  for (const route of operationRoutes({ registry, checkReadiness, refreshMetrics })) mountRoute(app, route);
  describeSecurity(app);
  app.get("/openapi.json", (context) => context.json(describeApi(app)));

  app.use("/api/*", async (context, next) => {
    await next();
    if (!context.res.headers.has("Cache-Control")) context.header("Cache-Control", "no-store");
  });
  for (const route of setUpRoutes(SET_UP, authentication)) mountRoute(app, route);
  for (const route of signInRoutes(AUTH, authentication)) mountRoute(app, route);
  app.use(`${AUTH}/change-password`, authenticate(authentication));
  mountRoute(app, passwordRoute(AUTH));
  // Nothing else of the library that signs people in is there, for anybody.
  app.all(`${AUTH}/*`, () => {
    throw notFound("route");
  });
  app.use("/api/*", authenticate(authentication));
  for (const route of userRoutes(USERS)) mountRoute(app, route);
  for (const route of keyRoutes(USERS)) mountRoute(app, route);
  for (const route of chatRoutes(CHATS)) mountRoute(app, route);
  for (const route of messageRoutes(CHATS)) mountRoute(app, route);
  for (const route of fileRoutes(CHATS)) mountRoute(app, route);
  for (const route of retentionSettingRoutes(CHATS)) mountRoute(app, route);
  for (const route of retentionPreviewRoutes(CHATS, { clock, purge })) mountRoute(app, route);
  for (const route of retentionStatusRoutes(CHATS, { clock, purge })) mountRoute(app, route);
  mountRoute(app, retentionLedgerRoute(CHATS));
  mountRoute(app, auditRoute(AUDIT));
  for (const route of debugLoggingRoutes(CHATS, { recordingForced })) mountRoute(app, route);
  mountRoute(app, debugBatchRoute(CHATS, { clock, recordingForced }));
  for (const route of debugRunRoutes(CHATS)) mountRoute(app, route);
  for (const route of debugExportRoutes(CHATS, { clock })) mountRoute(app, route);
  app.use(OTLP_TRACES, authenticate(authentication));
  mountRoute(app, otlpTracesRoute({ clock, recordingForced }));
  // The last one: it answers at every address that is no other route's.
  if (webFolder !== undefined) mountWebApp(app, webFolder);
  return app;
}
