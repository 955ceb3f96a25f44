import { REDACTED_MARK, type Attempt, type NormalizedMessage, type NormalizedResponse } from "@shelflife/api-contract";

import type { Refusal } from "./failures.ts";
import type { ModelCall } from "./model-call.ts";

/** One HTTP try of a call: refused, answered, cut, or still under way. */
export function httpAttempt(
  call: ModelCall,
  tried: { number: number; startedAt: number; endedAt?: number; refusal?: Refusal; answer?: NormalizedResponse },
): Attempt {
  const { number, startedAt, endedAt, refusal, answer } = tried;
  return {
    number,
    status: refusal === undefined ? call.outcome : "error",
    method: "POST",
    url: call.model.url,
    path: new URL(call.model.url).pathname,
    started_at: new Date(startedAt).toISOString(),
    ...(endedAt !== undefined && { finished_at: new Date(endedAt).toISOString(), duration_ms: endedAt - startedAt }),
    // A recorder sends no credentials, so there are none to make up.
    request_headers: { "content-type": "application/json", authorization: REDACTED_MARK },
    request_body: requestBody(call),
    ...(refusal !== undefined && refused(refusal)),
    ...(answer !== undefined && answered(call, answer)),
  };
}

function requestBody({ model, operation, request }: ModelCall): Record<string, unknown> {
  return {
    model: model.model,
    ...request.options,
    stream: operation === "stream",
    messages: request.messages.map(wireMessage),
    ...(request.tools.length > 0 && { tools: request.tools }),
  };
}

const wireMessages = new WeakMap<NormalizedMessage, object>();

/** Made once for each message, however many requests repeat it. */
function wireMessage(message: NormalizedMessage): object {
  const known = wireMessages.get(message);
  if (known !== undefined) return known;
  const [first, ...others] = message.parts;
  const content = first?.type === "text" && others.length === 0 ? first.text : message.parts;
  const wire = { role: message.role, content };
  wireMessages.set(message, wire);
  return wire;
}

function refused({ status, type, message, retryAfter }: Refusal): Partial<Attempt> {
  return {
    response_status: status,
    response_headers: {
      "content-type": "application/json",
      ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
    },
    response_body: { error: { type, message } },
    error: { name: "AI_APICallError", message, status_code: status, retryable: status === 429 || status >= 500 },
  };
}

/** The body of a stream is not kept: its parts are in the normalised response. */
function answered({ operation }: ModelCall, response: NormalizedResponse): Partial<Attempt> {
  const streamed = operation === "stream";
  return {
    response_status: 200,
    response_headers: { "content-type": streamed ? "text/event-stream" : "application/json" },
    ...(!streamed && {
      response_body: { content: response.content, stop_reason: response.finish_reason, usage: response.usage },
    }),
  };
}
