import {
  isRetentionDays,
  JSON_BODY_BYTES,
  rangeMessage,
  RETENTION_SETTINGS,
  retentionSettingSchema,
  type RetentionSetting,
} from "@shelflife/api-contract";
import { z } from "zod";

import { hasCode } from "../../coded-error.ts";
import { auditOrigin } from "../audit-origin.ts";
import { HttpError } from "../http-error.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { validate } from "../validate.ts";

/** A pair of routes for every retention window. */
export function retentionSettingRoutes(prefix: string): Route[] {
  return Object.values(RETENTION_SETTINGS).flatMap((setting) => [
    readRoute(prefix, setting, retentionSettingSchema(setting)),
    changeRoute(prefix, setting, retentionSettingSchema(setting)),
  ]);
}

function readRoute(prefix: string, setting: RetentionSetting, schema: z.ZodType): Route {
  return {
    method: "get",
    path: `${prefix}/config/${setting.name}`,
    summary: `The ${setting.label} in force.`,
    permission: "retention_windows:read",
    answers: {
      200: { description: "The window in force.", schema },
      500: { description: `Failed to get ${setting.label}.` },
    },
    async handle(context) {
      try {
        const { days } = await context.get("store").readRetentionWindow(setting);
        return context.json({ [setting.field]: days });
      } catch (error) {
        const code = hasCode(error, "setting_unreadable") ? "setting_unreadable" : "internal";
        throw new HttpError(500, code, `Failed to get ${setting.label}.`, { cause: error });
      }
    },
  };
}

function changeRoute(prefix: string, setting: RetentionSetting, schema: z.ZodType): Route {
  // The range has a sentence of its own in the contract, so the shape is checked first and apart from it.
  const shape = z.object({ [setting.field]: z.number().refine(Number.isInteger, { error: "must be a whole number" }) });
  return {
    method: "put",
    path: `${prefix}/config/${setting.name}`,
    summary: `Change the ${setting.label}.`,
    permission: "deployment_config:update",
    body: { schema, description: "The whole setting; a missing field is refused." },
    answers: {
      204: { description: "Changed, or in force already." },
      400: { description: `${rangeMessage(setting)} Or the body is no such setting.` },
      403: { description: "You may not do this." },
      500: { description: `Failed to update ${setting.label}.` },
    },
    async handle(context) {
      const body = validate(shape, await readJson(context, JSON_BODY_BYTES));
      const days = body[setting.field];
      if (days === undefined || !isRetentionDays(days)) {
        const message = rangeMessage(setting);
        throw new HttpError(400, "validation_failed", message, {
          validations: [{ field: setting.field, detail: message }],
        });
      }
      try {
        await context.get("store").changeRetentionWindow(setting, days, auditOrigin(context));
      } catch (error) {
        throw new HttpError(500, "internal", `Failed to update ${setting.label}.`, { cause: error });
      }
      return context.body(null, 204);
    },
  };
}
