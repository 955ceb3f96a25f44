import type { NormalizedRequest, NormalizedResponse } from "@shelflife/api-contract";

import type { JsonObject } from "../snapshot.ts";

/** How a provider's HTTP API writes a model call, and what of it a record shows. Nothing here throws for odd JSON. */
export interface WireFormat {
  /** Whose API it is, as the AI SDK names its models' providers. */
  readonly name: string;
  readRequest(body: JsonObject): NormalizedRequest;
  readResponse(body: JsonObject): NormalizedResponse;
  openStream(): WireStream;
}

/** A streamed answer as it comes in. */
export interface WireStream {
  /** Takes one event's data. */
  take(event: JsonObject): void;
  /** Whether the provider has said how the answer ends; without it the answer is not whole. */
  readonly finished: boolean;
  /** What has come so far, in the shape that it would have had unstreamed. */
  body(): JsonObject;
}
