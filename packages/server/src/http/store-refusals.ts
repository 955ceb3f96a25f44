import type { ErrorCode } from "@shelflife/api-contract";

import { CodedError } from "../coded-error.ts";
import { HttpError } from "./http-error.ts";

/** What the store refuses because of the state that it finds, with what that is to the caller. */
const REFUSALS: Readonly<Record<string, { readonly status: 400 | 409 | 429; readonly code: ErrorCode }>> = {
  chat_archived: { status: 400, code: "chat_archived" },
  chat_not_archived: { status: 400, code: "chat_not_archived" },
  chat_active: { status: 409, code: "chat_active" },
  child_chat: { status: 400, code: "child_chat" },
  not_user_message: { status: 400, code: "validation_failed" },
  queue_full: { status: 429, code: "rate_limited" },
};

/** What the store answers; what it refuses is told to the caller in the store's own sentence. */
export async function orRefuse<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const refusal = error instanceof CodedError ? REFUSALS[error.code] : undefined;
    if (refusal === undefined || !(error instanceof CodedError)) throw error;
    throw new HttpError(refusal.status, refusal.code, error.message, { cause: error });
  }
}
