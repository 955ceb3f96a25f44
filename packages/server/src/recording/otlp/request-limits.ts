import { OTLP_SPANS, OTLP_VALUES } from "@shelflife/api-contract";

import type { MessageLimits } from "./measure-protobuf.ts";

/** One request. In protobuf each span, attribute, event and value is a message. */
export const REQUEST_LIMITS: MessageLimits = { spans: OTLP_SPANS, messages: OTLP_VALUES };

/** What to tell a sender whose request is too large. */
export function describeExcess(exceeded: keyof MessageLimits): string {
  const what = exceeded === "spans" ? "spans" : "attributes, events and values";
  return `A request holds at most ${REQUEST_LIMITS[exceeded]} ${what}: make the exporter's batches smaller.`;
}
