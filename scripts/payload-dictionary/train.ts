import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cutAttempts, cutRequest, cutResponse } from "../../packages/server/src/recording/cut-payload.ts";
import { renderTemplate, type Chunk, type Template } from "../../packages/server/src/recording/payload-template.ts";
import { PROVIDER_SHAPES, type ProviderShape } from "./provider-shapes.ts";
import { sampleCall, type SampleCall } from "./sample-calls.ts";
import { SampleSource } from "./sample-source.ts";

/**
 * Trains the dictionary on what the server would store of made-up calls: `node scripts/payload-dictionary/train.ts <file>`.
 * It needs the `zstd` tool. What is stored with a dictionary needs that dictionary for ever: never overwrite one.
 */
const [target] = process.argv.slice(2);
if (target === undefined) throw new Error("Name the file that the dictionary goes to.");

const CALLS = 1_500;
const DICTIONARY_BYTES = 16_384;

const folder = mkdtempSync(join(tmpdir(), "payload-dictionary-"));
try {
  const source = new SampleSource(20_261_122);
  let samples = 0;
  for (let call = 0; call < CALLS; call += 1) {
    for (const text of storedTexts(sampleCall(source), source.pick(PROVIDER_SHAPES), source)) {
      writeFileSync(join(folder, String((samples += 1))), text);
    }
  }
  const options = ["--train-fastcover", "-r", folder, "-o", target, `--maxdict=${DICTIONARY_BYTES}`, "-T1", "-9"];
  execFileSync("zstd", ["-q", "-f", ...options], { stdio: "inherit" });
  console.log(`${target}: trained on ${samples} texts of ${CALLS} calls`);
} finally {
  rmSync(folder, { recursive: true });
}

/** The texts that a step is stored as: one for each part, and one for the chunks. */
function storedTexts(call: SampleCall, shape: ProviderShape, source: SampleSource): string[] {
  const chunks = new Map<string, { number: number; chunk: Chunk }>();
  const render = (template: Template): string =>
    renderTemplate(template, (chunk) => {
      const known = chunks.get(chunk.digest) ?? { number: chunks.size, chunk };
      chunks.set(chunk.digest, known);
      return known.number;
    });
  const parts = [
    cutRequest({
      messages: call.messages,
      tools: call.tools,
      options: optionsOf(source),
      ...(call.tools.length > 0 && { tool_choice: { type: "auto" } }),
      provider_option_count: 0,
    }),
    cutResponse({
      content: call.answer,
      finish_reason: source.pick(["stop", "tool-calls", "length"]),
      usage: usageOf(call),
      warnings: [],
    }),
    cutAttempts([attemptOf(call, shape, source)]),
  ].map(render);
  const chunkTexts: string[] = [];
  for (const { chunk } of chunks.values()) chunkTexts.push(render(chunk.cut()));
  return [...parts, chunkTexts.join("\n")].filter((text) => text !== "");
}

function optionsOf(source: SampleSource): Record<string, unknown> {
  return source.chance(0.5)
    ? {}
    : { max_output_tokens: 4_096, temperature: 0.7, ...(source.chance(0.3) && { top_p: 1 }) };
}

function usageOf({ usage }: SampleCall): Record<string, number> {
  return {
    input_tokens: usage.input,
    output_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    ...(usage.reasoning > 0 && { reasoning_tokens: usage.reasoning }),
    cache_read_tokens: usage.cached,
  };
}

/** As the recorder sends it: where a call streams, its body is not kept. */
function attemptOf(call: SampleCall, shape: ProviderShape, source: SampleSource): Record<string, unknown> {
  const started = source.moment();
  const duration_ms = source.integer(200, 30_000);
  const fails = source.chance(0.1);
  const message = source.pick([
    "Rate limit reached.",
    "Overloaded",
    "The server had an error while processing your request.",
  ]);
  return {
    number: 1,
    status: fails ? "error" : "completed",
    started_at: started.toISOString(),
    finished_at: new Date(started.getTime() + duration_ms).toISOString(),
    duration_ms,
    ...(fails && { error: { name: "AI_APICallError", message, status_code: 429, retryable: true } }),
    ...(source.chance(0.5) && { url: shape.url, path: new URL(shape.url).pathname }),
    request_body: shape.request(call),
    ...(fails && { response_status: 429 }),
    response_headers: {
      ...(source.chance(0.7) && shape.headers(source)),
      ...(source.chance(0.5) && {
        "cf-cache-status": "DYNAMIC",
        "cf-ray": `${source.hex(16)}-FRA`,
        server: "cloudflare",
      }),
      connection: "keep-alive",
      "content-type": call.streams ? "text/event-stream; charset=utf-8" : "application/json",
      date: started.toUTCString(),
      ...(source.chance(0.3) && { "content-encoding": "gzip" }),
      "transfer-encoding": "chunked",
      ...(source.chance(0.3) && { "x-content-type-options": "nosniff" }),
    },
    ...(fails && { response_body: { error: { message, type: "rate_limit_error", param: null, code: null } } }),
    ...(!fails && !call.streams && { response_body: shape.response(call, source) }),
  };
}
