import { CHAT_TITLE_CHARACTERS, REDACTED_MARK } from "@shelflife/api-contract";

import type { RecordItem } from "./record-queue.ts";
import { type Json, type JsonObject, arrayOf, isJsonObject, snapshot } from "./snapshot.ts";
import { isEventStream } from "./wire/server-sent-events.ts";

/** What a mask is asked about: the content of a step, field by field, and the title of a chat. */
export type MaskedField = "normalized_request" | "normalized_response" | "attempts" | "error" | "metadata" | "title";

/**
 * An application's own rule for what must not be recorded. It is given a field's content as JSON, as a copy and before
 * it is cut to its limits, and answers what is recorded instead, of the same shape: an object, a list of objects for
 * `attempts`, a text for `title`. Where it throws, or answers anything else, nothing of the content is recorded.
 */
export type Mask = (content: Json, field: MaskedField) => unknown;

/** Enough for any payload: what was recorded has been bounded before. */
const MASKED_NODES = 1_000_000;

const MASKED_STEP_FIELDS = ["normalized_request", "normalized_response", "attempts", "error", "metadata"] as const;

type StepField = (typeof MASKED_STEP_FIELDS)[number];

/**
 * Makes a mask of a rule for texts, for instance of a replacement by a pattern. It is applied to every text and to every
 * name of a field, wherever they stand.
 */
export function maskTexts(replace: (text: string) => string): Mask {
  const masked = (value: Json): Json => {
    if (typeof value === "string") return replace(value);
    if (Array.isArray(value)) return value.map(masked);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [replace(key), masked(field)]));
  };
  return masked;
}

/** Applies a mask to all that it is asked about. Never throws; `failed` is told where the mask failed. */
export function maskItem(item: RecordItem, mask: Mask, failed: (field: MaskedField) => void): RecordItem {
  if (item.kind === "run") return item;
  if (item.kind === "chat") {
    const { title, ...chat } = item.value;
    if (title === undefined) return item;
    const masked = maskedTitle(title, mask, failed);
    return { kind: "chat", value: { ...chat, ...(masked !== "" && { title: masked }) } };
  }
  const step = { ...item.value };
  for (const field of MASKED_STEP_FIELDS) {
    const content = field === "attempts" ? step.attempts?.map(withoutEvents) : step[field];
    if (content !== undefined) Object.assign(step, { [field]: maskedField(content, field, mask, failed) });
  }
  return { kind: "step", value: step };
}

/**
 * What a stream says comes in pieces, in which no mask finds what it looks for: it finds that in the answer, where they are
 * put together.
 */
function withoutEvents(attempt: Record<string, unknown>): Record<string, unknown> {
  const { response_body: body } = attempt;
  return typeof body === "string" && isEventStream(body) ? { ...attempt, response_body: REDACTED_MARK } : attempt;
}

function maskedTitle(title: string, mask: Mask, failed: (field: MaskedField) => void): string {
  const masked = ask(mask, title, "title");
  if (typeof masked === "string") return masked.trim().slice(0, CHAT_TITLE_CHARACTERS).trim();
  failed("title");
  return REDACTED_MARK;
}

function maskedField(content: unknown, field: StepField, mask: Mask, failed: (field: MaskedField) => void): Json {
  const given = snapshot(content, MASKED_NODES);
  const masked = ask(mask, snapshot(content, MASKED_NODES), field);
  const hasShape = field === "attempts" ? Array.isArray(masked) && masked.every(isJsonObject) : isJsonObject(masked);
  if (hasShape && masked !== undefined) return masked;
  failed(field);
  return WITHOUT_CONTENT[field](given);
}

/** Undefined for a mask that fails, or that answers a promise: nobody waits for it. */
function ask(mask: Mask, content: Json, field: MaskedField): Json | undefined {
  try {
    const answer = mask(content, field);
    if (answer instanceof Promise) answer.catch(() => undefined);
    return answer === undefined || answer instanceof Promise ? undefined : snapshot(answer, MASKED_NODES);
  } catch {
    return undefined;
  }
}

const REDACTED_PARTS: Json = [{ type: "text", text: REDACTED_MARK }];

/** What is left of a field when its content goes: its figures, its times and its shape. */
const WITHOUT_CONTENT: Record<StepField, (given: Json) => Json> = {
  normalized_request: () => ({
    messages: [{ role: "user", parts: REDACTED_PARTS }],
    tools: [],
    options: {},
    provider_option_count: 0,
  }),
  normalized_response: (given) => ({
    content: REDACTED_PARTS,
    ...picked(given, ["finish_reason"], isWord),
    usage: isJsonObject(given) ? numbersOf(given["usage"]) : {},
    warnings: [],
  }),
  attempts: (given) =>
    arrayOf(given).map((attempt) => ({
      ...picked(attempt, ["status"], isWord),
      ...picked(attempt, ["number", "duration_ms", "response_status"], isNumber),
      ...picked(attempt, ["started_at", "finished_at"], isTime),
      request_body: REDACTED_MARK,
      response_body: REDACTED_MARK,
    })),
  error: (given) => ({ message: REDACTED_MARK, ...picked(given, ["status_code"], isNumber) }),
  metadata: () => ({ masked: REDACTED_MARK }),
};

function picked(from: Json, fields: string[], isHarmless: (value: Json | undefined) => boolean): JsonObject {
  if (!isJsonObject(from)) return {};
  return Object.fromEntries(
    fields.flatMap((field) => (isHarmless(from[field]) ? [[field, from[field] ?? null] as const] : [])),
  );
}

function numbersOf(value: Json | undefined): JsonObject {
  return isJsonObject(value ?? null) ? picked(value ?? null, Object.keys(value ?? {}), isNumber) : {};
}

const isNumber = (value: Json | undefined): boolean => typeof value === "number";
const isWord = (value: Json | undefined): boolean => typeof value === "string" && /^[a-z_-]{1,30}$/.test(value);
const isTime = (value: Json | undefined): boolean => typeof value === "string" && /^[\dTZ:.-]{1,30}$/.test(value);
