import {
  graceWaiverSchema,
  JSON_BODY_BYTES,
  RETENTION_SETTINGS,
  retentionHistorySchema,
  retentionRunSchema,
  retentionStatusSchema,
  type RetentionHistory,
  type RetentionRun,
} from "@shelflife/api-contract";

import type { Clock } from "../../clock.ts";
import { readPurgeStatus } from "../../retention/purge-status.ts";
import type { PurgeControl } from "../../retention/purge-control.ts";
import { auditOrigin } from "../audit-origin.ts";
import { HttpError } from "../http-error.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { validate } from "../validate.ts";

interface StatusRoutes {
  readonly clock: Clock;
  readonly purge: PurgeControl;
}

const SWITCHED_OFF = "The purge is switched off (SHELFLIFE_PURGE=off); restart the server without that to let it run.";

/** The history goes back as far as this. */
const HISTORY_MS = 90 * 86_400_000;

/** How the purge stands and how it went, and the two things that may be done about it by hand. */
export function retentionStatusRoutes(prefix: string, dependencies: StatusRoutes): Route[] {
  const path = `${prefix}/retention`;
  return [
    statusRoute(path, dependencies),
    historyRoute(path, dependencies),
    runRoute(path, dependencies),
    waiveRoute(path, dependencies),
  ];
}

function statusRoute(path: string, { clock, purge }: StatusRoutes): Route {
  return {
    method: "get",
    path: `${path}/status`,
    summary: "How the purge stands: windows, last and next tick, lag, backlog and grace periods.",
    permission: "purge:read",
    answers: { 200: { description: "As it is now.", schema: retentionStatusSchema } },
    async handle(context) {
      return context.json(await readPurgeStatus({ store: context.get("store"), clock, purge }));
    },
  };
}

function historyRoute(path: string, { clock }: StatusRoutes): Route {
  return {
    method: "get",
    path: `${path}/history`,
    summary: "Stored payload bytes by the day on which they were recorded, and what was purged in 90 days, by day.",
    permission: "purge:read",
    answers: { 200: { description: "Days in UTC, the oldest first.", schema: retentionHistorySchema } },
    async handle(context) {
      const store = context.get("store");
      const now = clock.now();
      const history: RetentionHistory = {
        stored_bytes: await store.measureStoredBytes(now),
        purged: await store.sumPurgedRecords(new Date(now.getTime() - HISTORY_MS)),
      };
      return context.json(history);
    },
  };
}

function runRoute(path: string, { purge }: StatusRoutes): Route {
  return {
    method: "post",
    path: `${path}/run`,
    summary: "Start a tick of the purge now.",
    permission: "purge:start",
    answers: {
      200: { description: "One is running already.", schema: retentionRunSchema },
      202: { description: "Started.", schema: retentionRunSchema },
      403: { description: "You may not do this." },
      409: { description: SWITCHED_OFF },
    },
    async handle(context) {
      if (!purge.enabled) {
        throw new HttpError(409, "conflict", SWITCHED_OFF);
      }
      const store = context.get("store");
      if (purge.nextTickAt() === null || (await store.isPurgeRunning())) {
        return context.json({ started: false } satisfies RetentionRun);
      }
      await store.auditPurgeStart(auditOrigin(context));
      const started = purge.runNow();
      return context.json({ started } satisfies RetentionRun, started ? 202 : 200);
    },
  };
}

function waiveRoute(path: string, { purge }: StatusRoutes): Route {
  return {
    method: "post",
    path: `${path}/waive-grace`,
    summary: "Let a window that waits for its grace period apply at once.",
    permission: "deployment_config:update",
    body: { schema: graceWaiverSchema, description: "Which window." },
    answers: {
      204: { description: "It applies from the next batch of a purge on." },
      400: { description: "There is no such window." },
      403: { description: "You may not do this." },
      409: { description: "It does not wait for a grace period." },
    },
    async handle(context) {
      const body = validate(graceWaiverSchema, await readJson(context, JSON_BODY_BYTES));
      const setting = RETENTION_SETTINGS[body.setting];
      const store = context.get("store");
      const { waitingSince } = await store.readPurgeWindow(setting, purge.graceMs);
      if (waitingSince === null || !(await store.waiveGrace(setting, auditOrigin(context)))) {
        throw new HttpError(409, "conflict", `The ${setting.label} do not wait for a grace period.`);
      }
      return context.body(null, 204);
    },
  };
}
