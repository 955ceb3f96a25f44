import { expect, test } from "vitest";

import { roleOf, type SpanRole } from "../../../src/recording/otlp/span-role.ts";
import type { Span } from "../../../src/recording/otlp/span.ts";

function span(attributes: Record<string, string>): Span {
  return {
    traceId: "1".repeat(32),
    spanId: "1".repeat(16),
    parentSpanId: undefined,
    name: "span",
    startedAt: undefined,
    finishedAt: undefined,
    isError: false,
    statusMessage: "",
    attributes: new Map(Object.entries(attributes)),
    events: [],
    resource: new Map(),
    scope: "test",
  };
}

const ROLES: [SpanRole, Record<string, string>][] = [
  ...["chat", "text_completion", "generate_content", "embeddings"].map((name): [SpanRole, Record<string, string>] => [
    "model",
    { "gen_ai.operation.name": name },
  ]),
  ["tool", { "gen_ai.operation.name": "execute_tool" }],
  ["agent", { "gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "gpt-5" }],
  ["agent", { "gen_ai.operation.name": "agent_step" }],
  ["other", { "gen_ai.operation.name": "create_agent", "gen_ai.request.model": "gpt-5" }],
  ["other", { "gen_ai.operation.name": "retrieval", "gen_ai.request.model": "embed-1" }],
  ["model", { "gen_ai.operation.name": "something new", "gen_ai.request.model": "gpt-5" }],
  ["other", { "gen_ai.operation.name": "toString" }],
  ["model", { "ai.operationId": "ai.generateText.doGenerate" }],
  ["model", { "ai.operationId": "ai.streamObject.doStream" }],
  ["model", { "ai.operationId": "ai.embedMany.doEmbed" }],
  ["agent", { "ai.operationId": "ai.streamText" }],
  ["other", { "ai.operationId": "ai.embed", "gen_ai.request.model": "embed-1" }],
  ["tool", { "ai.operationId": "ai.toolCall" }],
  ["model", { "openinference.span.kind": "LLM" }],
  ["model", { "openinference.span.kind": "llm" }],
  ["tool", { "openinference.span.kind": "TOOL" }],
  ["agent", { "openinference.span.kind": "CHAIN" }],
  ["other", { "openinference.span.kind": "RETRIEVER" }],
  ["model", { "langfuse.observation.type": "generation" }],
  ["other", { "langfuse.observation.type": "span" }],
  ["agent", { "traceloop.span.kind": "workflow" }],
  ["tool", { "traceloop.span.kind": "tool" }],
  ["model", { "llm.request.type": "chat" }],
  ["other", { "llm.request.type": "rerank", "llm.request.model": "rank-1" }],
  ["model", { "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4" }],
  ["tool", { "gen_ai.tool.name": "weather" }],
  ["other", { "http.request.method": "GET" }],
  ["other", {}],
];

test.each(ROLES)("a %s is told by %j", (role, attributes) => {
  expect(roleOf(span(attributes))).toBe(role);
});
