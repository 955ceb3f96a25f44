import { callerOf } from "./caller.ts";
import type { RequestContext } from "./environment.ts";
import type { Route } from "./route.ts";
import { pathId } from "./validate.ts";

/** Who asks, as the owner of what is asked for. */
export function ownId(context: RequestContext): string {
  return callerOf(context).userId;
}

/** The chat in the path, for somebody who reads it. */
export function chatReading(context: RequestContext): { chatId: string; readerId: string } {
  return { chatId: pathId(context, "chat", "Invalid chat ID."), readerId: ownId(context) };
}

/** How such a route refuses a chat. */
export const NO_CHAT = {
  400: { description: "Invalid chat ID." },
  404: { description: "There is no such chat, or you may not see it." },
} as const satisfies Route["answers"];
