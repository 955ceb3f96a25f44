import type { MessageLimits } from "./measure-protobuf.ts";

/** One request. A span with its attributes is some forty messages, and an exporter sends a few hundred spans at a time. */
export const REQUEST_LIMITS: MessageLimits = { spans: 20_000, messages: 1_000_000 };

/** What to tell a sender whose request is too large. */
export function describeExcess(exceeded: keyof MessageLimits): string {
  const what = exceeded === "spans" ? "spans" : "attributes, events and values";
  return `A request holds at most ${REQUEST_LIMITS[exceeded]} ${what}: make the exporter's batches smaller.`;
}
