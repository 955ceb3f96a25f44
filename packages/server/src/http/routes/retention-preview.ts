import {
  isRetentionDays,
  RETENTION_DAYS_MAX,
  RETENTION_DAYS_MIN,
  RETENTION_SETTINGS,
  rangeMessage,
  retentionPreviewSchema,
  type RetentionSetting,
} from "@shelflife/api-contract";
import { z } from "zod";

import type { Clock } from "../../clock.ts";
import { previewWindow } from "../../retention/preview-window.ts";
import type { PurgeControl } from "../../retention/purge-control.ts";
import { HttpError } from "../http-error.ts";
import type { Route } from "../route.ts";

/** A route for every retention window that says what another value would do. */
export function retentionPreviewRoutes(
  prefix: string,
  { clock, purge }: { clock: Clock; purge: PurgeControl },
): Route[] {
  return Object.values(RETENTION_SETTINGS).map((setting) => ({
    method: "get",
    path: `${prefix}/config/${setting.name}/preview`,
    summary: `What a purge with other ${setting.label} would delete or archive now.`,
    permission: "purge:read",
    query: {
      days: {
        description: "The window to look at; it must be given.",
        schema: z.int().min(RETENTION_DAYS_MIN).max(RETENTION_DAYS_MAX),
      },
    },
    answers: {
      200: {
        description: "By the purge's own predicate, next to the window in force.",
        schema: retentionPreviewSchema,
      },
      400: { description: rangeMessage(setting) },
      403: { description: "You may not do this." },
    },
    async handle(context) {
      const days = readDays(setting, context.req.query("days"));
      const { signal } = context.req.raw;
      const dependencies = { store: context.get("store"), clock, log: context.get("log"), purge };
      try {
        return context.json(await previewWindow(dependencies, setting, { days, signal }));
      } catch (error) {
        if (!signal.aborted) throw error;
        // Whoever types another number takes the question back, which is no failure; nobody reads this.
        return context.body(null, 400);
      }
    },
  }));
}

function readDays(setting: RetentionSetting, text: string | undefined): number {
  const days = text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (isRetentionDays(days)) return days;
  const message = rangeMessage(setting);
  throw new HttpError(400, "validation_failed", message, { validations: [{ field: "days", detail: message }] });
}
