import type { NormalizedPart, NormalizedTool } from "@shelflife/api-contract";

import type { SampleSource } from "./sample-source.ts";
import { longText, sentence } from "./sample-texts.ts";

/** A message in the normalised shape and what it is made of, from which each provider's own shape is written. */
export interface SampleCall {
  readonly messages: readonly { role: "system" | "user" | "assistant" | "tool"; parts: NormalizedPart[] }[];
  readonly tools: readonly Required<NormalizedTool>[];
  readonly answer: readonly NormalizedPart[];
  readonly streams: boolean;
  readonly usage: { input: number; output: number; reasoning: number; cached: number };
}

export function sampleCall(source: SampleSource): SampleCall {
  const tools = source.chance(0.6) ? source.pickSome(TOOLS, source.integer(1, 3)) : [];
  const tool = tools[0];
  const messages: SampleCall["messages"][number][] = [];
  if (source.chance(0.6)) messages.push({ role: "system", parts: [{ type: "text", text: longText(source) }] });
  messages.push({
    role: "user",
    parts: [{ type: "text", text: source.chance(0.5) ? sentence(source) : longText(source) }],
  });
  if (tool !== undefined && source.chance(0.5)) {
    const call = toolCall(source, tool);
    messages.push({
      role: "assistant",
      parts: [...(source.chance(0.5) ? [{ type: "text", text: sentence(source) }] : []), call],
    });
    messages.push({ role: "tool", parts: [toolResult(source, call)] });
  }
  const answer: NormalizedPart[] = [];
  if (source.chance(0.3)) answer.push({ type: "reasoning", text: source.chance(0.3) ? "" : longText(source) });
  if (source.chance(0.75)) answer.push({ type: "text", text: longText(source) });
  if (source.chance(0.1))
    answer.push({ type: "source", text: sentence(source), filename: "https://www.example.com/article" });
  if (tool !== undefined && (answer.length === 0 || source.chance(0.5))) {
    const call = toolCall(source, tool);
    answer.push(call);
    if (source.chance(0.4)) answer.push(toolResult(source, call));
  }
  const usage = {
    input: source.integer(8, 20_000),
    output: source.integer(1, 4_000),
    reasoning: source.chance(0.3) ? source.integer(1, 2_000) : 0,
    cached: source.chance(0.3) ? source.integer(1, 10_000) : 0,
  };
  return { messages, tools, answer, streams: source.chance(0.5), usage };
}

function toolCall(source: SampleSource, tool: NormalizedTool): NormalizedPart {
  const tool_call_id = source.pick([`call_${source.id(24)}`, `toolu_01${source.id(22)}`, source.id(9)]);
  return { type: "tool-call", tool_call_id, tool_name: tool.name, arguments: source.pick(ARGUMENTS) };
}

function toolResult(source: SampleSource, call: NormalizedPart): NormalizedPart {
  const result = source.chance(0.5) ? longText(source) : source.pick(RESULTS);
  const { tool_call_id = "", tool_name = "" } = call;
  return { type: "tool-result", result, tool_call_id, tool_name };
}

const ARGUMENTS = [
  { location: "Berlin, Germany", unit: "celsius" },
  { query: "current price of copper", max_results: 5 },
  { path: "src/index.ts" },
  { command: "npm test", timeout_ms: 60_000 },
  { city: "Tokyo" },
  { url: "https://www.example.com/" },
  { code: "print(sum(range(10)))" },
  {},
];

const RESULTS = [
  { temperature: 18, condition: "cloudy", unit: "celsius" },
  { status: "ok", count: 3, results: [{ id: 1, title: "First result", url: "https://www.example.com/1" }] },
  { exit_code: 0, stdout: "42\n", stderr: "" },
  [{ type: "text", text: "Done." }],
  { error: "not found" },
];

const string = (description: string) => ({ type: "string", description });

const TOOLS: Required<NormalizedTool>[] = [
  [
    "get_current_weather",
    "Get the current weather of a location.",
    { location: string("The city and country."), unit: { type: "string", enum: ["celsius", "fahrenheit"] } },
  ],
  [
    "search",
    "Search the web and return the most relevant results.",
    { query: string("What to search for."), max_results: { type: "integer", minimum: 1, maximum: 20 } },
  ],
  [
    "read_file",
    "Read a file of the workspace.",
    { path: string("The path of the file, relative to the workspace."), limit: { type: "number" } },
  ],
  [
    "run_command",
    "Run a command in the terminal and return its output.",
    { command: string("The command to run."), timeout_ms: { type: "integer" } },
  ],
  [
    "create_issue",
    "Create an issue in the tracker.",
    {
      title: string("The title."),
      labels: { type: "array", items: { type: "string" } },
      assignee: { type: ["string", "null"] },
    },
  ],
].map(([name, description, properties]) => ({
  name: name as string,
  description: description as string,
  input_schema: {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    properties,
    required: Object.keys(properties as object).slice(0, 1),
    additionalProperties: false,
  },
}));
