import { INGEST_BODY_BYTES } from "@shelflife/api-contract";
import { z } from "zod";

import { hasCode } from "../../coded-error.ts";
import { ConversationHints } from "../../recording/otlp/conversation-hints.ts";
import { decodeJson } from "../../recording/otlp/decode-json.ts";
import { decodeProtobuf } from "../../recording/otlp/decode-protobuf.ts";
import { ingestTraces, type TraceIngestDependencies } from "../../recording/otlp/ingest-traces.ts";
import { callerOf } from "../caller.ts";
import { HttpError } from "../http-error.ts";
import { OTLP_TRACES } from "../misdirected-export.ts";
import { answerExport, OTLP_MEDIA_TYPES, requireOtlpEncoding, type OtlpEncoding } from "../otlp-encoding.ts";
import { readBody } from "../read-body.ts";
import type { Route } from "../route.ts";

const requestSchema = z.looseObject({
  resourceSpans: z.array(z.unknown()).optional().describe("ExportTraceServiceRequest of OTLP."),
});

const answerSchema = z.object({
  partialSuccess: z
    .object({
      rejectedSpans: z
        .string()
        .optional()
        .describe("How many spans of model calls and tools were not recorded, as decimal text."),
      errorMessage: z.string().describe("Why, or what the sender could do better."),
    })
    .optional(),
});

/** Where OpenTelemetry's exporters send spans. */
export function otlpTracesRoute(dependencies: Omit<TraceIngestDependencies, "store" | "log" | "hints">): Route {
  const hints = new ConversationHints(dependencies.clock);
  return {
    method: "post",
    path: OTLP_TRACES,
    summary: "Record the model calls and tools in spans of OpenTelemetry (OTLP over HTTP). Other spans are left out.",
    permission: "ingest",
    body: {
      schema: requestSchema,
      description: "At most 16 MiB after decompression; gzip is accepted.",
      mediaTypes: OTLP_MEDIA_TYPES,
    },
    answers: {
      200: {
        description: "In the encoding of the request. Empty where everything was recorded that is to be.",
        schema: answerSchema,
      },
      503: { description: "The spans could not be stored at the moment; Retry-After says when to try again." },
    },
    async handle(context) {
      const encoding = requireOtlpEncoding(context);
      const request = decode(encoding, await readBody(context, INGEST_BODY_BYTES));
      const { userId, scope } = callerOf(context);
      const parts = { ...dependencies, store: context.get("store"), log: context.get("log"), hints };
      return answerExport(context, encoding, await ingestTraces(parts, { userId, scope }, request));
    },
  };
}

function decode(encoding: OtlpEncoding, body: Uint8Array): ReturnType<typeof decodeProtobuf> {
  try {
    return encoding === "json" ? decodeJson(body) : decodeProtobuf(body);
  } catch (error) {
    if (!hasCode(error, "malformed_otlp") || !(error instanceof Error)) throw error;
    throw new HttpError(400, "validation_failed", error.message, { cause: error });
  }
}
