import type { NormalizedRequest, NormalizedResponse } from "@shelflife/api-contract";

import type { JsonObject } from "../snapshot.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";

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

const FORMATS: [path: RegExp, format: WireFormat][] = [
  [/\/chat\/completions$/, openaiChat],
  [/\/responses$/, openaiResponses],
  [/\/messages$/, anthropicMessages],
];

/** Tells the format by the path of the URL, which proxies and compatible providers keep. */
export function wireFormatOf(path: string): WireFormat | undefined {
  return FORMATS.find(([pattern]) => pattern.test(path.replace(/\/+$/, "")))?.[1];
}
