import { readdirSync, readFileSync } from "node:fs";

import type { DebugBatch } from "@shelflife/api-contract";
import { generateText, isStepCount, jsonSchema, streamText, type ToolSet } from "ai";

import { fixtureNames } from "../packages/recorder/test/provider-fixtures.ts";
import { fixtureAnswer, type ProviderAnswer } from "../packages/recorder/test/provider-replay-server.ts";
import { Recording } from "../packages/recorder/test/recording.ts";

const tools: ToolSet = {
  weather: { description: "The weather of a place.", inputSchema: jsonSchema<object>({ type: "object" }) },
};

/** What the recorder sends of one call for each recorded provider response that the AI SDK can replay. */
export async function recordProviderResponses(): Promise<DebugBatch[]> {
  const batches: DebugBatch[] = [];
  // Google's provider is not installed, and its only recording is an error.
  for (const name of fixtureNames().filter((fixture) => !fixture.startsWith("google/"))) {
    await using recording = await Recording.start([fixtureAnswer(name)]);
    const call = {
      model: recording.model(providerOf(name)),
      prompt: `Replay ${name}`,
      tools,
      maxRetries: 0,
      ...recording.options,
    };
    try {
      if (name.endsWith(".json")) await generateText(call);
      else await streamText({ ...call, onError: () => undefined }).consumeStream();
    } catch {
      // Some of the recordings are errors, which are recorded like any other answer.
    }
    await recording.recorder.flush();
    batches.push(...recording.ingest.batches);
  }
  return batches;
}

/** OpenAI's recordings are of its responses API, but for the one called "text". */
function providerOf(name: string): string {
  if (name.startsWith("openai/")) return name.startsWith("openai/openai-text.") ? "openai.chat" : "openai";
  return name.slice(0, name.indexOf("/"));
}

/**
 * What the recorder sends of an agent that reads one file after another, so that every request repeats the history
 * before it. The files are this repository's own, as code is what agents read most.
 *
 * @param together whether the start and the end of a step travel in one batch, as they do where calls are short
 */
export async function recordAgentRun(steps: number, { together }: { together: boolean }): Promise<DebugBatch[]> {
  const files = sourceFiles(steps);
  const answers = Array.from({ length: steps }, (_, step) => agentAnswer(step, files[step]?.name));
  await using recording = await Recording.start(answers);
  await generateText({
    model: recording.model("openai.chat"),
    instructions:
      "You are a careful reviewer. Read the files one after another, then say what you would change and why.",
    prompt: "Please read the contract package and tell me what you find. Take one file at a time.",
    tools: {
      read_file: {
        description: "Reads a file of the repository.",
        inputSchema: jsonSchema<{ path: string }>({
          type: "object",
          properties: { path: { type: "string", description: "Relative to the root of the repository." } },
          required: ["path"],
        }),
        execute: async ({ path }: { path: string }) => {
          if (!together) await recording.recorder.flush();
          return files.find((file) => file.name === path)?.text ?? "There is no such file.";
        },
      },
    },
    stopWhen: isStepCount(steps),
    ...recording.options,
  });
  await recording.recorder.flush();
  return recording.ingest.batches;
}

/** Beginnings of the contract's source files, cut as an agent's tool would. */
function sourceFiles(count: number): { name: string; text: string }[] {
  const folder = new URL("../packages/api-contract/src/", import.meta.url);
  const texts = readdirSync(folder)
    .toSorted()
    .map((name) => ({ name: `src/${name}`, text: readFileSync(new URL(name, folder), "utf8").slice(0, 3_000) }));
  return Array.from({ length: count }, (_, index) => texts[index % texts.length] ?? { name: "", text: "" });
}

function agentAnswer(step: number, path: string | undefined): ProviderAnswer {
  const body = {
    id: `chatcmpl-${step}f3a9c1b7e5d2`,
    object: "chat.completion",
    created: 1_763_800_000 + step * 7,
    model: "test-model",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: `Step ${step + 1}: what I read so far fits together. Next I look at ${path}, which the last file imports.`,
          tool_calls: [
            {
              id: `call_${step}Kq8Zs4`,
              type: "function",
              function: { name: "read_file", arguments: JSON.stringify({ path }) },
            },
          ],
        },
        finish_reason: "tool_calls",
      },
    ],
    usage: { prompt_tokens: 900 + 800 * step, completion_tokens: 47, total_tokens: 947 + 800 * step },
  };
  return { status: 200, body: JSON.stringify(body) };
}
