import type { ToolName } from "./tools.ts";

/**
 * What a chat is about: sentences with slots in braces, from which its messages are put together. See `facts.ts` for the
 * slots.
 */
export interface Topic {
  /** Goes into the chat's labels. */
  readonly team: string;
  /** What the user asks first, and the title that follows from it. */
  readonly beginnings: readonly { readonly title: string; readonly question: string }[];
  /** What the user asks further on. */
  readonly followUps: readonly string[];
  /** What the assistant has found out. */
  readonly findings: readonly string[];
  /** What the assistant proposes. */
  readonly advice: readonly string[];
  /** What an agent works with; a chat about a topic without tools is plain conversation. */
  readonly tools: readonly ToolName[];
}
