import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";
import { pathId } from "./validate.ts";

/** Who asks, as the owner of what is asked for. */
export function ownId(context: RequestContext): string {
  const actor = context.get("actor");
  if (actor.kind !== "user") throw new HttpError(403, "forbidden", "You may not do this.");
  return actor.userId;
}

/** The chat in the path, for somebody who reads it. */
export function chatReading(context: RequestContext): { chatId: string; readerId: string } {
  return { chatId: pathId(context, "chat", "Invalid chat ID."), readerId: ownId(context) };
}
