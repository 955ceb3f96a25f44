import { callerOf } from "./caller.ts";
import type { RequestContext } from "./environment.ts";
import { pathId } from "./validate.ts";

/** Who asks, as the owner of what is asked for. */
export function ownId(context: RequestContext): string {
  return callerOf(context).userId;
}

/** The chat in the path, for somebody who reads it. */
export function chatReading(context: RequestContext): { chatId: string; readerId: string } {
  return { chatId: pathId(context, "chat", "Invalid chat ID."), readerId: ownId(context) };
}
