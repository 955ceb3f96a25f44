import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { chatUuid } from "@shelflife/recorder";

import { examplesOf, runExample } from "./page-examples.ts";
import { fixtureAnswer } from "./provider-replay-server.ts";
import { messagesOf } from "./recording.ts";

/** Where an example's packages are in their older versions. */
const OLDER: Record<string, Record<string, string>> = {
  "AI SDK 6": { ai: "ai-v6", "@ai-sdk/openai-compatible": "openai-compatible-v2" },
  "AI SDK 5": { ai: "ai-v5", "@ai-sdk/openai-compatible": "openai-compatible-v1" },
};

function exampleOf(section: string, index = 0): string {
  const example = examplesOf("ai-sdk.md", section)[index];
  if (example === undefined) throw new Error(`The section ${section} has no example ${index + 1}.`);
  const versions = OLDER[section] ?? {};
  return example.replaceAll(/from "([^"]+)"/g, (found, name: string) =>
    Object.hasOwn(versions, name) ? `from "${versions[name]}"` : found,
  );
}

const TEXT = fixtureAnswer("openai-compatible/xai-text.json");
const STREAM = fixtureAnswer("openai-compatible/xai-text.chunks.txt");

describe("the page on the AI SDK", () => {
  it.each([
    ["AI SDK 7", TEXT],
    ["AI SDK 6", STREAM],
    ["AI SDK 5", TEXT],
  ])("has an example for %s that records what it says", async (section, answer) => {
    const { status, output, ingest } = await runExample(exampleOf(section), answer);
    expect(output).toMatch(/^Grok\s*$/);
    expect(status).toBe(0);
    expect([...ingest.chats.values()]).toMatchObject([{ id: chatUuid("support-42"), title: "Returning shoes" }]);
    expect(ingest.run).toMatchObject({ chat_id: chatUuid("support-42"), status: "completed", model: "my-model" });
    expect(messagesOf(ingest.step)).toMatchObject([{ role: "user", parts: [{ text: "May I return my shoes?" }] }]);
    expect(ingest.step.normalized_response?.["content"]).toContainEqual({ type: "text", text: "Grok" });
  });

  it("has an example of an embedding model of the AI SDK 6 that records what it says", async () => {
    const data = [{ index: 0, embedding: [0.5, 0.25] }];
    const body = JSON.stringify({ data, usage: { prompt_tokens: 2, total_tokens: 2 } });
    const { status, output, ingest } = await runExample(exampleOf("AI SDK 6", 1), { status: 200, body });
    expect(output).toBe("2\n");
    expect(status).toBe(0);
    expect(ingest.run).toMatchObject({ chat_id: chatUuid("support-42"), status: "completed", model: "my-model" });
    expect(messagesOf(ingest.step)).toMatchObject([{ role: "user", parts: [{ text: "May I return my shoes?" }] }]);
  });

  it("has an example of work in a chat that is one run", async () => {
    const before = `
      import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
      import { inChat, shelflifeRecorder } from "@shelflife/recorder";
      import { embed, registerTelemetry, streamText } from "ai";
      registerTelemetry(shelflifeRecorder());
      const provider = createOpenAICompatible({ name: "my-provider", baseURL: process.env.PROVIDER_URL ?? "" });
      const [model, embeddingModel] = [provider("my-model"), provider.embeddingModel("my-embedding")];
      const [chatId, question, prompt] = ["support-42", "Shoes?", "May I return my shoes?"];
      const result = `;
    const after = "\nawait result.consumeStream();";
    const vector = { data: [{ embedding: [0.5, 0.25] }], usage: { prompt_tokens: 2, total_tokens: 2 } };
    const embedding = { status: 200, body: JSON.stringify(vector) };
    const { output, ingest } = await runExample(before + exampleOf("AI SDK 7", 1) + after, embedding, STREAM);
    expect(output).toBe("");
    expect(ingest.run.status).toBe("completed");
    expect(ingest.stepsInOrder.map((step) => messagesOf(step)[0]?.parts[0]?.text)).toEqual([
      "Shoes?",
      "May I return my shoes?",
    ]);
  });

  it("has an example of a mask that takes out what it says", async () => {
    const mask = exampleOf("What must not be recorded")
      .replace("shelflifeRecorder({", "registerTelemetry(shelflifeRecorder({")
      .replace(/\);\n$/, "));\n");
    const call = `
      import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
      import { inChat } from "@shelflife/recorder";
      import { generateText, registerTelemetry } from "ai";
      ${mask}
      const provider = createOpenAICompatible({ name: "my-provider", baseURL: process.env.PROVIDER_URL ?? "" });
      const prompt = "Charge 4111 1111 1111 1111 or 4111-1111-1111-1111.";
      await generateText({ model: provider("my-model"), prompt, ...inChat({ chatId: "support-42" }) });`;
    const { output, ingest } = await runExample(call, TEXT);
    expect(output).toBe("");
    expect(JSON.stringify(ingest.batches)).not.toContain("4111");
    expect(messagesOf(ingest.step)).toMatchObject([{ parts: [{ text: "Charge [CARD] or [CARD]." }] }]);
  });
});

const IMPORTS = 'import { inChat } from "@shelflife/recorder";\nimport { streamText } from "ai";\n';

it.each([
  ["the README", "../../README.md", "Record", 0, ""],
  ["the page on recording", "../recording.md", "From the Vercel AI SDK", 1, 'import { streamText } from "ai";\n'],
  ["the page on recording, on private calls", "../recording.md", "From the Vercel AI SDK", 2, IMPORTS],
])("%s has an example that records", async (_, page, section, index, imports) => {
  const examples = examplesOf(page, section);
  const [registering = "", call = ""] = [index > 0 ? examples[0] : "", examples[index]];
  // The server listens elsewhere here, and what is the application's own has to come from somewhere.
  const code = `
    import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
    ${imports + registering.replace('"http://127.0.0.1:7080"', "process.env.SHELFLIFE_URL")}
    const provider = createOpenAICompatible({ name: "my-provider", baseURL: process.env.PROVIDER_URL ?? "" });
    const [model, prompt, chatId, title] = [provider("my-model"), "May I return my shoes?", "support-42", "Shoes"];
    ${call.replace('"http://127.0.0.1:7080"', "process.env.SHELFLIFE_URL").replace(/^(const result = )?streamText\(/m, "const answer = streamText(")}
    console.log(await answer.text);`;
  const { status, output, ingest } = await runExample(code, STREAM);
  expect(output).toBe("Grok\n");
  expect(status).toBe(0);
  expect(ingest.run).toMatchObject({ chat_id: chatUuid("support-42"), status: "completed", model: "my-model" });
  expect(ingest.step.status).toBe("completed");
  expect(JSON.stringify(ingest.step).includes("return my shoes")).toBe(index < 2);
});

it.each([
  ["ai-sdk-middleware.ts", []],
  ["fetch.ts", []],
  ["langchain.ts", ["@langchain/core/callbacks/base"]],
])("%s needs no package besides its own, not even for its types", (entry, own) => {
  const seen = new Set<string>();
  const visit = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    for (const [, name = ""] of readFileSync(url, "utf8").matchAll(/from "([^"]+)"/g)) {
      expect(name).toMatch(/^(?:\.|node:|@shelflife\/|uuid$|@langchain\/)/);
      if (name.startsWith("@langchain/")) expect(own).toContain(name);
      if (name.startsWith(".")) visit(new URL(name, url));
    }
  };
  visit(new URL(`../src/${entry}`, import.meta.url));
  expect(seen.size).toBeGreaterThan(20);
});
