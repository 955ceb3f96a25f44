import { textOf } from "./attribute-values.ts";
import type { Attributes, Span } from "./span.ts";

/**
 * What a span is to recording: a model call becomes a step, a tool's execution an event of a step, and an agent, a
 * workflow or a chain around them tells how long the whole took and how it ended. Anything else is not looked at.
 */
export type SpanRole = "model" | "tool" | "agent" | "other";

const BY_OPERATION: Readonly<Record<string, SpanRole>> = {
  chat: "model",
  completion: "model",
  text_completion: "model",
  generate_content: "model",
  embeddings: "model",
  execute_tool: "tool",
  invoke_agent: "agent",
  invoke_workflow: "agent",
  agent_step: "agent",
  create_agent: "other",
  retrieval: "other",
};

const BY_OPEN_INFERENCE: Readonly<Record<string, SpanRole>> = {
  LLM: "model",
  EMBEDDING: "model",
  TOOL: "tool",
  AGENT: "agent",
  CHAIN: "agent",
};

const BY_TRACELOOP: Readonly<Record<string, SpanRole>> = {
  workflow: "agent",
  agent: "agent",
  task: "agent",
  tool: "tool",
};

const BY_LANGFUSE: Readonly<Record<string, SpanRole>> = {
  generation: "model",
  embedding: "model",
  tool: "tool",
  agent: "agent",
  chain: "agent",
};

/** What says by itself that a span is a model call, where nothing names its kind. */
const MODEL_SIGNS = ["gen_ai.request.model", "gen_ai.response.model", "llm.request.model", "gen_ai.prompt.0.role"];

export function roleOf({ attributes }: Span): SpanRole {
  return (
    byOperation(attributes) ??
    byAiSdk(textOf(attributes, "ai.operationId")) ??
    look(BY_OPEN_INFERENCE, textOf(attributes, "openinference.span.kind")?.toUpperCase()) ??
    look(BY_LANGFUSE, textOf(attributes, "langfuse.observation.type")) ??
    look(BY_TRACELOOP, textOf(attributes, "traceloop.span.kind")) ??
    byRequestType(textOf(attributes, "llm.request.type")) ??
    bySigns(attributes)
  );
}

function byOperation(attributes: Attributes): SpanRole | undefined {
  return look(BY_OPERATION, textOf(attributes, "gen_ai.operation.name"));
}

function look(roles: Readonly<Record<string, SpanRole>>, name: string | undefined): SpanRole | undefined {
  return name !== undefined && Object.hasOwn(roles, name) ? roles[name] : undefined;
}

/** The AI SDK's outer operations make inner ones, whose names start with `do`; those are the model calls. */
function byAiSdk(operationId: string | undefined): SpanRole | undefined {
  if (operationId === undefined || !operationId.startsWith("ai.")) return undefined;
  if (operationId === "ai.toolCall") return "tool";
  if (/\.do(?:Generate|Stream|Embed)$/.test(operationId)) return "model";
  return /^ai\.(?:generate|stream)(?:Text|Object)$/.test(operationId) ? "agent" : "other";
}

function byRequestType(type: string | undefined): SpanRole | undefined {
  if (type === undefined) return undefined;
  return ["chat", "completion", "embedding"].includes(type) ? "model" : "other";
}

function bySigns(attributes: Attributes): SpanRole {
  if (attributes.has("gen_ai.tool.name") || attributes.has("gen_ai.tool.call.id")) return "tool";
  return MODEL_SIGNS.some((sign) => attributes.has(sign)) ? "model" : "other";
}
