import { randomBytes } from "node:crypto";

import { mapChatId, type DebugRun, type DebugStep } from "@shelflife/api-contract";
import { v5 as nameBasedUuid } from "uuid";

import type { TestApp, TestUser } from "../../test-app.ts";

/** The value of an attribute, as instrumentations set it. */
export type AttributeValue =
  | string
  | number
  | boolean
  | readonly AttributeValue[]
  | { readonly [name: string]: AttributeValue };

export type SentAttributes = Readonly<Record<string, AttributeValue>>;

export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly attributes: SentAttributes;
  readonly events?: readonly { readonly name: string; readonly attributes: SentAttributes }[];
  /** The message of a span that ended in an error. */
  readonly error?: string;
}

/** The moment at which test spans start. */
export const SPANS_START = Date.parse("2026-03-01T11:00:00.000Z");

export function newTraceId(): string {
  return randomBytes(16).toString("hex");
}

export function newSpanId(): string {
  return randomBytes(8).toString("hex");
}

/** A span of a trace of its own that lasts a second; what a test does not name is made up. */
export function sentSpan(fields: Partial<SentSpan> = {}): SentSpan {
  const start = fields.start ?? SPANS_START;
  return {
    traceId: newTraceId(),
    spanId: newSpanId(),
    name: "span",
    start,
    end: start + 1_000,
    attributes: {},
    ...fields,
  };
}

/** A model call, as the semantic conventions describe one, that was asked this and answered that. */
export function modelSpan({
  asks = "How long?",
  says = "Thirty days.",
  ...fields
}: Partial<SentSpan> & { asks?: string; says?: string } = {}): SentSpan {
  return sentSpan({
    name: "chat gpt-5",
    ...fields,
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-5",
      "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [{ type: "text", content: asks }] }]),
      "gen_ai.output.messages": JSON.stringify([
        { role: "assistant", parts: [{ type: "text", content: says }], finish_reason: "stop" },
      ]),
      "gen_ai.response.finish_reasons": ["stop"],
      "gen_ai.usage.input_tokens": 7,
      "gen_ai.usage.output_tokens": 3,
      ...fields.attributes,
    },
  });
}

/** The execution of a tool, as the semantic conventions describe one. */
export function toolSpan({ callId, ...fields }: Partial<SentSpan> & { callId?: string } = {}): SentSpan {
  return sentSpan({
    name: "execute_tool weather",
    ...fields,
    attributes: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "weather",
      ...(callId !== undefined && { "gen_ai.tool.call.id": callId }),
      "gen_ai.tool.call.arguments": JSON.stringify({ city: "Oslo" }),
      "gen_ai.tool.call.result": JSON.stringify({ degrees: 21 }),
      ...fields.attributes,
    },
  });
}

/** What a model that asks for a tool answers. */
export function askingFor(callId: string): SentAttributes {
  return {
    "gen_ai.output.messages": JSON.stringify([
      { role: "assistant", parts: [{ type: "tool_call", id: callId, name: "weather", arguments: { city: "Oslo" } }] },
    ]),
    "gen_ai.response.finish_reasons": ["tool_calls"],
  };
}

/** A request to export spans, in OTLP's JSON. */
export function exportRequest(spans: readonly SentSpan[], resource: SentAttributes = {}): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: pairs(resource) },
        scopeSpans: [{ scope: { name: "test-instrumentation", version: "1" }, spans: spans.map(otlpSpan) }],
      },
    ],
  };
}

function otlpSpan({ start, end, attributes, events = [], error, ...rest }: SentSpan): object {
  return {
    ...rest,
    kind: 3,
    startTimeUnixNano: `${start}000000`,
    endTimeUnixNano: `${end}000000`,
    attributes: pairs(attributes),
    events: events.map((event) => ({
      name: event.name,
      timeUnixNano: `${end}000000`,
      attributes: pairs(event.attributes),
    })),
    status: error === undefined ? {} : { code: 2, message: error },
  };
}

function pairs(attributes: SentAttributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: pairs(value as SentAttributes) } };
}

export interface ExportAnswer {
  readonly status: number;
  readonly body: { readonly partialSuccess?: { readonly rejectedSpans?: string; readonly errorMessage: string } };
}

/** What an export answers that recorded all that it held. */
export const TAKEN: ExportAnswer = { status: 200, body: {} };

/** Sends spans, and answers what of them was not recorded. What else a sender is told has tests of its own. */
export async function sendSpans(...input: Parameters<typeof exportSpans>): Promise<ExportAnswer> {
  const { status, body } = await exportSpans(...input);
  return { status, body: body.partialSuccess?.rejectedSpans === undefined ? {} : body };
}

/** Sends spans, and answers what their sender is told. */
export async function exportSpans(
  app: TestApp,
  user: Pick<TestUser, "key">,
  spans: readonly SentSpan[],
  resource: SentAttributes = {},
): Promise<ExportAnswer> {
  const response = await app.request("POST", "/v1/traces", {
    key: user.key,
    json: exportRequest(spans, resource),
    headers: { "Content-Type": "application/json" },
  });
  return { status: response.status, body: (await response.json()) as ExportAnswer["body"] };
}

/** The chat that spans of this conversation are recorded in. */
export function chatOf(conversationId: string): string {
  return mapChatId(conversationId, "", nameBasedUuid);
}

/** Every run of a chat with its steps, the oldest first. */
export async function runsOf(app: TestApp, user: Pick<TestUser, "key">, chatId: string): Promise<DebugRun[]> {
  const client = app.client(user.key);
  const runs = await client.listDebugRuns(chatId);
  return Promise.all(runs.toReversed().map(({ id }) => client.getDebugRun(chatId, id)));
}

/** The only run of a chat. */
export async function runOf(app: TestApp, user: Pick<TestUser, "key">, chatId: string): Promise<DebugRun> {
  const [run, ...others] = await runsOf(app, user, chatId);
  if (run === undefined || others.length > 0) throw new Error(`The chat has ${others.length + Number(!!run)} runs.`);
  return run;
}

/** Records one span in a conversation of its own, and answers its step. */
export async function recordedStep(app: TestApp, user: TestUser, span: SentSpan): Promise<DebugStep> {
  const conversationId = newTraceId();
  const named = { ...span, attributes: { "gen_ai.conversation.id": conversationId, ...span.attributes } };
  const answer = await sendSpans(app, user, [named]);
  if (answer.body.partialSuccess !== undefined) throw new Error(answer.body.partialSuccess.errorMessage);
  const [step] = (await runOf(app, user, chatOf(conversationId))).steps;
  if (step === undefined) throw new Error("The run has no step.");
  return step;
}
