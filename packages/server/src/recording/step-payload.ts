import { crc32 } from "node:zlib";

import type { StepPayloads } from "@shelflife/api-contract";

import { writeChunkBlock, writeChunkIndex } from "../store/chunk-index.ts";
import type { ChunkNumbering, PayloadDraft, StepPayload } from "../store/ingest-batch.ts";
import { cutAttempts, cutRequest, cutResponse } from "./cut-payload.ts";
import { encodeText } from "./payload-codec.ts";
import { fullText, renderTemplate, type Chunk, type NumberOf, type Template } from "./payload-template.ts";

/** In the first byte of a part: it is a template, and starts with the CRC-32 of the JSON text that it stands for. */
export const TEMPLATE_FLAG = 0x10;

/** What a step brings along that is stored apart, redacted. */
type Parts = Pick<StepPayloads, "normalized_request" | "normalized_response" | "attempts">;

interface DraftPart {
  readonly name: "request" | "response" | "attempts";
  readonly template: Template;
  /** Whether what is new in it becomes chunks. */
  readonly contributes: boolean;
}

/**
 * The payload of a step before it is known which of its pieces the run has already.
 *
 * @param isFinal whether the step has ended: what a call in flight has answered so far will be replaced, and chunks stay
 */
export function draftPayload(parts: Parts, { isFinal }: { isFinal: boolean }): PayloadDraft | undefined {
  const { normalized_request, normalized_response, attempts } = parts;
  const drafts: DraftPart[] = [];
  if (normalized_request !== undefined) {
    const template = cutRequest(normalized_request as Record<string, unknown>);
    drafts.push({ name: "request", template, contributes: true });
  }
  if (normalized_response !== undefined) {
    drafts.push({ name: "response", template: cutResponse(normalized_response), contributes: isFinal });
  }
  if (attempts !== undefined) {
    drafts.push({ name: "attempts", template: cutAttempts(attempts), contributes: isFinal });
  }
  return drafts.length === 0 ? undefined : { encode: (numbering) => encodeParts(drafts, numbering) };
}

function encodeParts(parts: readonly DraftPart[], numbering: ChunkNumbering): Promise<StepPayload> {
  const fresh: Chunk[] = [];
  let first = 0;
  const find: NumberOf = (chunk) => numbering.find(chunk.digest);
  const findOrTake: NumberOf = (chunk) => {
    const known = find(chunk);
    if (known !== undefined) return known;
    const number = numbering.take(chunk.digest);
    if (fresh.length === 0) first = number;
    fresh.push(chunk);
    return number;
  };
  const rendered = parts.map(({ name, template, contributes }) => ({
    name,
    template,
    text: renderTemplate(template, contributes ? findOrTake : find),
  }));
  const texts: string[] = [];
  // What is cut out of a chunk is a chunk itself, so that the list may grow while it is worked off.
  for (const chunk of fresh) texts.push(renderTemplate(chunk.cut(), findOrTake));
  return compressParts(rendered, { first, texts, digests: fresh.map(({ digest }) => digest) });
}

async function compressParts(
  parts: readonly { name: DraftPart["name"]; template: Template; text: string }[],
  { first, texts, digests }: { first: number; texts: readonly string[]; digests: readonly string[] },
): Promise<StepPayload> {
  const [chunks, ...encoded] = await Promise.all([
    // No JSON text holds a raw line break.
    texts.length === 0 ? undefined : encodeText(texts.join("\n")),
    ...parts.map(async ({ name, template, text }) => [name, await encodePart(template, text)] as const),
  ]);
  return {
    ...Object.fromEntries(encoded),
    ...(chunks !== undefined && { chunks: writeChunkBlock(chunks), chunkIndex: writeChunkIndex({ first, digests }) }),
  };
}

async function encodePart(template: Template, text: string): Promise<Buffer> {
  const full = fullText(template);
  if (text === full) return encodeText(text);
  const encoded = await encodeText(text, TEMPLATE_FLAG);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(full));
  return Buffer.concat([encoded.subarray(0, 1), checksum, encoded.subarray(1)]);
}
