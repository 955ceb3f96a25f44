import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";

import { redactStepPayloads, type DebugBatch, type StepItem } from "@shelflife/api-contract";

import { cutAttempts, cutRequest, cutResponse } from "../packages/server/src/recording/cut-payload.ts";
import { PAYLOAD_DICTIONARY } from "../packages/server/src/recording/payload-dictionary.ts";
import { renderTemplate, type Chunk, type Template } from "../packages/server/src/recording/payload-template.ts";
import { newId } from "../packages/server/src/store/database.ts";
import { recordAgentRun, recordProviderResponses } from "./recorded-batches.ts";
import { measureStoredBytes } from "./stored-bytes.ts";

/**
 * What payloads cost: `npm run bench:codecs`. First each codec alone on the texts of the replayed provider responses, then
 * what the server stores of them, and of an agent's runs, against JSONB columns.
 */

interface Codec {
  readonly name: string;
  compress(bytes: Buffer): Buffer;
  decompress(bytes: Buffer): Buffer;
}

const zstd = (level: number, dictionary?: Buffer): Codec => {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  const options = dictionary === undefined ? {} : { dictionary };
  return {
    name: `zstd ${level}${dictionary === undefined ? "" : " with dictionary"}`,
    compress: (bytes) => zstdCompressSync(bytes, { params, ...options, pledgedSrcSize: bytes.length }),
    decompress: (bytes) => zstdDecompressSync(bytes, options),
  };
};

const CODECS: Codec[] = [
  ...[1, 6, 9].map((level): Codec => ({
    name: `gzip ${level}`,
    compress: (bytes) => gzipSync(bytes, { level }),
    decompress: (bytes) => gunzipSync(bytes),
  })),
  ...[4, 11].map((quality): Codec => ({
    name: `brotli ${quality}`,
    compress: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }),
    decompress: (bytes) => brotliDecompressSync(bytes),
  })),
  ...[1, 3, 6, 9, 12].map((level) => zstd(level)),
  ...[1, 3, 6, 9, 12].map((level) => zstd(level, PAYLOAD_DICTIONARY)),
];

const REPEATS = 15;

function measureCodecs(steps: readonly (readonly Buffer[])[]): Record<string, Record<string, string>> {
  const rows: Record<string, Record<string, string>> = {};
  for (const codec of CODECS) {
    let compressed: Buffer[][] = [];
    const compressing = fastest(() => {
      compressed = steps.map((texts) => texts.map((text) => codec.compress(text)));
    });
    const decompressing = fastest(() => {
      for (const texts of compressed) for (const text of texts) codec.decompress(text);
    });
    const bytes = compressed.flat().reduce((sum, { length }) => sum + length, 0);
    rows[codec.name] = {
      "bytes a step": (bytes / steps.length).toFixed(0),
      "compress, us a step": ((1000 * compressing) / steps.length).toFixed(0),
      "decompress, us a step": ((1000 * decompressing) / steps.length).toFixed(0),
    };
  }
  return rows;
}

/** In milliseconds. On a machine that does other things too, the fastest of many is what repeats. */
function fastest(work: () => void): number {
  const times = Array.from({ length: REPEATS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}

/** The parts of each step as JSON. */
function wholeTexts(steps: readonly StepItem[]): Buffer[][] {
  return steps.map((step) =>
    [step.normalized_request, step.normalized_response, step.attempts].flatMap((part) =>
      part === undefined ? [] : [Buffer.from(JSON.stringify(part))],
    ),
  );
}

/** The texts that the server stores of each step: its parts with references, and what the run stores once. */
function cutTexts(steps: readonly StepItem[]): Buffer[][] {
  return steps.map(({ normalized_request, normalized_response, attempts }) => {
    const chunks = new Map<string, { number: number; chunk: Chunk }>();
    const render = (template: Template): string =>
      renderTemplate(template, (chunk) => {
        const known = chunks.get(chunk.digest) ?? { number: chunks.size, chunk };
        chunks.set(chunk.digest, known);
        return known.number;
      });
    const texts = [
      ...(normalized_request === undefined ? [] : [render(cutRequest(normalized_request))]),
      ...(normalized_response === undefined ? [] : [render(cutResponse(normalized_response))]),
      ...(attempts === undefined ? [] : [render(cutAttempts(attempts))]),
    ];
    const stored: string[] = [];
    for (const { chunk } of chunks.values()) stored.push(render(chunk.cut()));
    return [...texts, stored.join("\n")].filter((text) => text !== "").map((text) => Buffer.from(text));
  });
}

/** As the server has them before it cuts them. */
function stepsOf(batches: readonly DebugBatch[]): StepItem[] {
  return batches.flatMap((batch) => (batch.steps ?? []).map((step) => redactStepPayloads(step)));
}

/** The same as another run, so that what a table takes on the disk is not mostly its first pages. */
function underNewIds(batch: DebugBatch): DebugBatch {
  const ids = [...(batch.runs ?? []), ...(batch.steps ?? [])].map(({ id }) => id);
  const text = ids.reduce((json, id) => json.replaceAll(id, newId()), JSON.stringify(batch));
  return JSON.parse(text) as DebugBatch;
}

const responses = await recordProviderResponses();
const steps = stepsOf(responses);
console.log(`${steps.length} steps of replayed provider responses, each part by itself`);
console.table(measureCodecs(wholeTexts(steps)));
console.log("The same steps as they are stored, long texts once (without the index of the chunks)");
console.table(measureCodecs(cutTexts(steps)));

console.table(
  await measureStoredBytes({
    "P5: replayed provider responses": responses,
    "P5, ten times": Array.from({ length: 10 }, () => responses.map(underNewIds)).flat(),
    "P6: 20-step agent, steps sent whole": await recordAgentRun(20, { together: true }),
    "P6: 20-step agent, start and end apart": await recordAgentRun(20, { together: false }),
    "80-step agent": await recordAgentRun(80, { together: false }),
  }),
);
