import type { DebugStep } from "@shelflife/api-contract";

/** A part of a message or of an answer, read from what was recorded, which may have any shape. */
export interface ShownPart {
  readonly kind: "text" | "reasoning" | "tool-call" | "tool-result" | "file" | "other";
  readonly type: string;
  readonly text: string;
  readonly toolName: string | undefined;
  /** The length before it was cut, in characters; undefined where it was not. */
  readonly fullLength: number | undefined;
}

export interface ShownMessage {
  readonly role: string;
  readonly parts: readonly ShownPart[];
}

/** What a step's payloads say, as far as they have the usual shape; the rest is shown raw. */
export interface ShownStep {
  readonly messages: readonly ShownMessage[];
  readonly tools: readonly {
    readonly name: string;
    readonly description: string | undefined;
    readonly schema: unknown;
  }[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly toolChoice: unknown;
  readonly providerOptions: number;
  readonly output: readonly ShownPart[];
  readonly finishReason: string | undefined;
  readonly attempts: readonly unknown[];
  /** Whether something has another shape than this, so that only the raw view shows it. */
  readonly isOdd: boolean;
}

/** Reads a step without trusting the shape of anything in it. */
export function readStep(step: DebugStep): ShownStep {
  const request = step.normalized_request;
  const response = step.normalized_response;
  const messages = listOf(request["messages"]);
  const content = listOf(response?.["content"]);
  const isOdd =
    isMalformed(request) ||
    (request["messages"] !== undefined && !Array.isArray(request["messages"])) ||
    (response !== undefined && !Array.isArray(response["content"])) ||
    !Array.isArray(step.attempts);
  return {
    messages: messages.map((message) => {
      const fields = recordOf(message);
      return { role: textOf(fields["role"]) ?? "unknown", parts: listOf(fields["parts"]).map(readPart) };
    }),
    tools: listOf(request["tools"]).map((tool) => {
      const fields = recordOf(tool);
      return {
        name: textOf(fields["name"]) ?? "unnamed",
        description: textOf(fields["description"]),
        schema: fields["input_schema"],
      };
    }),
    options: recordOf(request["options"]),
    toolChoice: request["tool_choice"],
    providerOptions: typeof request["provider_option_count"] === "number" ? request["provider_option_count"] : 0,
    output: content.map(readPart),
    finishReason: textOf(response?.["finish_reason"]),
    attempts: listOf(step.attempts),
    isOdd,
  };
}

function readPart(part: unknown): ShownPart {
  const fields = recordOf(part);
  const type = textOf(fields["type"]) ?? "unknown";
  const toolName = textOf(fields["tool_name"]);
  const base = { type, toolName };
  switch (type) {
    case "text":
    case "reasoning":
      return { ...base, kind: type, text: textOf(fields["text"]) ?? "", fullLength: numberOf(fields["text_length"]) };
    case "tool-call":
      return {
        ...base,
        kind: type,
        text: shown(fields["arguments"]),
        fullLength: numberOf(fields["arguments_length"]),
      };
    case "tool-result":
      return { ...base, kind: type, text: shown(fields["result"]), fullLength: numberOf(fields["result_length"]) };
    case "file": {
      const facts = [textOf(fields["filename"]), textOf(fields["media_type"])].filter((fact) => fact !== undefined);
      return { ...base, kind: "file", text: facts.join(", "), fullLength: undefined };
    }
    default:
      return { ...base, kind: "other", text: shown(part), fullLength: undefined };
  }
}

/** One HTTP try, as far as it has the usual shape. */
export interface ShownAttempt {
  readonly number: number;
  readonly status: string | undefined;
  readonly responseStatus: number | undefined;
  readonly durationMs: number | null;
  readonly error: string | undefined;
}

export function readAttempt(attempt: unknown, index: number): ShownAttempt {
  const fields = recordOf(attempt);
  return {
    number: numberOf(fields["number"]) ?? index + 1,
    status: textOf(fields["status"]),
    responseStatus: numberOf(fields["response_status"]),
    durationMs: numberOf(fields["duration_ms"]) ?? null,
    error: textOf(recordOf(fields["error"])["message"]) ?? textOf(fields["error"]),
  };
}

/** Tools that ran during a step, where whoever recorded them said when. */
export function readToolTimes(
  metadata: Record<string, unknown>,
): { name: string; startedAt: string; finishedAt: string }[] {
  return Object.values(metadata)
    .flatMap(listOf)
    .flatMap((event) => {
      const { tool_name: name, started_at: startedAt, finished_at: finishedAt } = recordOf(event);
      return typeof name === "string" && isTime(startedAt) && isTime(finishedAt)
        ? [{ name, startedAt, finishedAt }]
        : [];
    });
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

function isMalformed(value: Record<string, unknown>): boolean {
  return value["error"] === "malformed debug payload";
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A value as text: texts as they are, everything else as JSON. */
function shown(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
}
