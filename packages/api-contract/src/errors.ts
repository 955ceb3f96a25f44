import { z } from "zod";

/**
 * The closed list of error codes. Clients match on these, never on messages.
 */
export const ERROR_CODES = [
  "unauthenticated",
  "forbidden",
  "insufficient_scope",
  "not_found",
  "invalid_id",
  "invalid_json",
  "validation_failed",
  "body_too_large",
  "unsupported_encoding",
  "conflict",
  "chat_archived",
  "chat_not_archived",
  "chat_active",
  "child_chat",
  "unsupported_media_type",
  "logging_forced",
  "logging_not_allowed",
  "rate_limited",
  "setting_unreadable",
  "unavailable",
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export const fieldErrorSchema = z.object({
  field: z.string().describe("Dotted path of the field in the request body."),
  detail: z.string().describe("What was wrong with it and what is allowed."),
});

/** The body of every answer that is not a success. */
export const errorBodySchema = z
  .object({
    message: z.string(),
    code: z.enum(ERROR_CODES),
    detail: z.string().optional(),
    validations: z.array(fieldErrorSchema).optional(),
  })
  // Its name in the document of the API, which would otherwise hold it with every answer of every route.
  .meta({ id: "Error" });

export type FieldError = z.infer<typeof fieldErrorSchema>;
export type ErrorBody = z.infer<typeof errorBodySchema>;
