import {
  debugLoggingChangeSchema,
  debugLoggingSchema,
  JSON_BODY_BYTES,
  userDebugLoggingChangeSchema,
  userDebugLoggingSchema,
  type DebugLogging,
  type UserDebugLogging,
} from "@shelflife/api-contract";

import { hasCode } from "../../coded-error.ts";
import type { OwnDebugLogging } from "../../store/debug-logging.ts";
import { auditOrigin } from "../audit-origin.ts";
import type { RequestContext } from "../environment.ts";
import { HttpError } from "../http-error.ts";
import { ownId } from "../own-data.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { validate } from "../validate.ts";

const FORCED = "Chat debug logging is forced on by the deployment.";
const NOT_ALLOWED = "An administrator has not let users record chat debug logs of their own.";

/** The switches that decide whether debug data is recorded: the administrator's, and each person's own. */
export function debugLoggingRoutes(prefix: string, { recordingForced }: { recordingForced: boolean }): Route[] {
  return [...gateRoutes(`${prefix}/config/debug-logging`, recordingForced), ...ownRoutes(prefix, recordingForced)];
}

function gateRoutes(path: string, forced: boolean): Route[] {
  return [
    {
      method: "get",
      path,
      summary: "Whether people may record the debug data of their chats.",
      permission: "deployment_config:read",
      hidden: true,
      answers: {
        200: { description: "What is in force.", schema: debugLoggingSchema },
        404: { description: "There is no such setting, or you may not see it." },
        500: { description: "Failed to get chat debug logging." },
      },
      async handle(context) {
        const { allowUsers } = await attempt("get", "chat debug logging", () =>
          context.get("store").readDebugLogging(),
        );
        return context.json({ allow_users: allowUsers, forced_by_deployment: forced } satisfies DebugLogging);
      },
    },
    {
      method: "put",
      path,
      summary: "Let people record the debug data of their chats, or do not.",
      permission: "deployment_config:update",
      body: { schema: debugLoggingChangeSchema, description: "The whole setting; a missing field is refused." },
      answers: {
        204: { description: "Changed, or in force already." },
        400: { description: "The body is no such setting." },
        403: { description: "You may not do this." },
        500: { description: "Failed to update chat debug logging." },
      },
      async handle(context) {
        const body = validate(debugLoggingChangeSchema, await readJson(context, JSON_BODY_BYTES));
        await attempt("update", "chat debug logging", () =>
          context.get("store").changeDebugLogging({ allowUsers: body.allow_users }, auditOrigin(context)),
        );
        return context.body(null, 204);
      },
    },
  ];
}

function ownRoutes(prefix: string, forced: boolean): Route[] {
  const path = `${prefix}/config/user-debug-logging`;
  return [
    {
      method: "get",
      path,
      summary: "Whether the debug data of one's own chats is recorded.",
      permission: "own_chats:use",
      answers: {
        200: { description: "All layers considered.", schema: userDebugLoggingSchema },
        500: { description: "Failed to get user chat debug logging." },
      },
      async handle(context) {
        const { allowed, switchedOn } = await readOwn(context);
        if (switchedOn === "unreadable") {
          throw new HttpError(500, "setting_unreadable", "Failed to get user chat debug logging.");
        }
        const answer: UserDebugLogging = {
          debug_logging_enabled: forced || (allowed && switchedOn),
          user_toggle_allowed: !forced && allowed,
          forced_by_deployment: forced,
        };
        return context.json(answer);
      },
    },
    {
      method: "put",
      path,
      summary: "Record the debug data of one's own chats, or do not. What starts from then on goes by it.",
      permission: "own_chats:use",
      body: { schema: userDebugLoggingChangeSchema, description: "The whole setting; a missing field is refused." },
      answers: {
        204: { description: "Changed, or in force already." },
        400: { description: "The body is no such setting." },
        403: { description: NOT_ALLOWED },
        409: { description: FORCED },
        500: { description: "Failed to update user chat debug logging." },
      },
      async handle(context) {
        // Whether there is anything to decide is a question of authorisation, and so comes before the body.
        if (forced) {
          throw new HttpError(409, "logging_forced", FORCED);
        }
        const { allowed } = await readOwn(context);
        if (!allowed) {
          throw new HttpError(403, "logging_not_allowed", NOT_ALLOWED);
        }
        const body = validate(userDebugLoggingChangeSchema, await readJson(context, JSON_BODY_BYTES));
        const change = { userId: ownId(context), switchedOn: body.debug_logging_enabled };
        await attempt("update", "user chat debug logging", () =>
          context.get("store").changeOwnDebugLogging(change, auditOrigin(context)),
        );
        return context.body(null, 204);
      },
    },
  ];
}

function readOwn(context: RequestContext): Promise<OwnDebugLogging> {
  return attempt("get", "user chat debug logging", () => context.get("store").readOwnDebugLogging(ownId(context)));
}

/** What fails inside is told by the sentence that every setting has. */
async function attempt<T>(verb: "get" | "update", label: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = hasCode(error, "setting_unreadable") ? "setting_unreadable" : "internal";
    throw new HttpError(500, code, `Failed to ${verb} ${label}.`, { cause: error });
  }
}
