import { z } from "zod";

/** Whether debug data may be recorded, as an administrator decides it: `GET /config/debug-logging`. */
export const debugLoggingSchema = z.object({
  allow_users: z.boolean().describe("Whether people may switch the recording of their own chats on."),
  forced_by_deployment: z.boolean().describe("Whether the deployment records every chat, whatever anybody chose."),
});

export const debugLoggingChangeSchema = z.strictObject({ allow_users: z.boolean() });

/** The same as one person sees and sets it: `GET /config/user-debug-logging`. */
export const userDebugLoggingSchema = z.object({
  debug_logging_enabled: z.boolean().describe("Whether this person's chats are recorded, all layers considered."),
  user_toggle_allowed: z.boolean(),
  forced_by_deployment: z.boolean(),
});

export const userDebugLoggingChangeSchema = z.strictObject({ debug_logging_enabled: z.boolean() });

export type DebugLogging = z.infer<typeof debugLoggingSchema>;
export type UserDebugLogging = z.infer<typeof userDebugLoggingSchema>;
