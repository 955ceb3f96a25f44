import { readField } from "./normalize-error.ts";
import { type Json, type JsonObject, snapshot } from "./snapshot.ts";
import { withoutVectors } from "./vectors.ts";

/** How many of the texts that are embedded at once are recorded. */
const VALUES_RECORDED = 100;

/** The texts that are embedded, as a user's message. */
export function embeddedMessages(values: unknown): Json {
  if (!Array.isArray(values) || values.length === 0) return [];
  const content = values.slice(0, VALUES_RECORDED).map((value) => snapshot(value));
  if (values.length > VALUES_RECORDED) content.push(`[${values.length - VALUES_RECORDED} MORE TEXTS]`);
  return [{ role: "user", content }];
}

/** What is recorded of some vectors: how many there are, and how long they are. */
export function embeddingAnswer(result: unknown): { answer: JsonObject; shape: Record<string, number> } {
  const embeddings = readField(result, "embeddings");
  const count = Array.isArray(embeddings) ? embeddings.length : 0;
  const dimensions: unknown = Array.isArray(embeddings) ? readField(embeddings[0], "length") : undefined;
  const text = `${count} × ${typeof dimensions === "number" ? dimensions : "?"} numbers`;
  const usage = snapshot(readField(result, "usage"));
  const warnings = snapshot(readField(result, "warnings") ?? []);
  return {
    answer: { content: count > 0 ? [{ type: "embedding", text }] : [], finishReason: "stop", usage, warnings },
    shape: count > 0 ? { embeddings: count, ...(typeof dimensions === "number" && { dimensions }) } : {},
  };
}

/** What an attempt shows of the answer that brought vectors. */
export function embeddingExchange(response: unknown): unknown {
  return { response: { headers: readField(response, "headers"), body: withoutVectors(readField(response, "body")) } };
}
