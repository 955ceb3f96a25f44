import type { Registry } from "prom-client";
import { z } from "zod";

import type { Route } from "../route.ts";

const statusSchema = z.object({ status: z.string(), reason: z.string().optional() });

/** Whether the database is reachable and migrated; where it is not, why, in words for an operator. */
export type ReadinessCheck = () => Promise<{ ready: true } | { ready: false; reason: string }>;

/** What operators and their machines ask. None of it holds anything that is recorded. */
export function operationRoutes({
  registry,
  checkReadiness,
  refreshMetrics,
}: {
  registry: Registry;
  checkReadiness: ReadinessCheck;
  refreshMetrics: () => Promise<void>;
}): Route[] {
  return [
    {
      method: "get",
      path: "/healthz",
      summary: "Whether the process is alive.",
      permission: null,
      answers: { 200: { description: "Alive.", schema: statusSchema } },
      handle: (context) => context.json({ status: "ok" }),
    },
    {
      method: "get",
      path: "/readyz",
      summary: "Whether the database is reachable and migrated.",
      permission: null,
      answers: {
        200: { description: "Ready.", schema: statusSchema },
        503: { description: "Not ready.", schema: statusSchema },
      },
      async handle(context) {
        const readiness = await checkReadiness();
        if (readiness.ready) return context.json({ status: "ready" });
        return context.json({ status: "not ready", reason: readiness.reason }, 503);
      },
    },
    {
      method: "get",
      path: "/metrics",
      summary: "Metrics in the text format of Prometheus.",
      permission: null,
      answers: { 200: { description: "The metrics." } },
      async handle(context) {
        await refreshMetrics();
        return context.body(await registry.metrics(), 200, { "Content-Type": registry.contentType });
      },
    },
  ];
}
