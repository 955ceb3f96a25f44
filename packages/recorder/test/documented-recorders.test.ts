import { chatUuid } from "@shelflife/recorder";
import { describe, expect, it } from "vitest";

import { examplesOf, runExample } from "./page-examples.ts";
import { fixtureAnswer } from "./provider-replay-server.ts";
import { messagesOf } from "./recording.ts";

const TEXT = fixtureAnswer("openai-compatible/xai-text.json");
const CLAUDE_STREAM = fixtureAnswer("anthropic/anthropic-text.chunks.txt");

const PAGES: [page: string, section: string, operation: string, said: RegExp][] = [
  ["fetch.md", "OpenAI", "generate", /^Grok\s*$/],
  ["fetch.md", "Anthropic", "stream", /^Hello! I'm doing well/],
  ["langchain.md", "A chain", "generate", /^Grok\s*$/],
];

describe.each(PAGES)("the page %s", (page, section, operation, said) => {
  it(`has an example for ${section} that records what it says`, async () => {
    const [example = ""] = examplesOf(page, section);
    const { status, output, ingest } = await runExample(example, operation === "stream" ? CLAUDE_STREAM : TEXT);
    expect(output).toMatch(said);
    expect(status).toBe(0);
    expect([...ingest.chats.values()]).toMatchObject([{ id: chatUuid("support-42"), title: "Returning shoes" }]);
    expect(ingest.run).toMatchObject({ chat_id: chatUuid("support-42"), status: "completed", model: "my-model" });
    expect(ingest.step).toMatchObject({ status: "completed", operation });
    expect(messagesOf(ingest.step)).toMatchObject([{ role: "user", parts: [{ text: "May I return my shoes?" }] }]);
    expect(ingest.step.normalized_response?.["content"]).toContainEqual({ type: "text", text: output.trimEnd() });
    expect(JSON.stringify(ingest.batches)).not.toMatch(/key-of-/);
  });
});

it("the page on raw HTTP has a serverless handler whose call has arrived when it returns", async () => {
  const [handler = ""] = examplesOf("fetch.md", "What it does to a call");
  const use = `
    const answer = await handler("May I return my shoes?");
    console.log((await answer.json()).choices[0].message.content);
    // Nothing is sent after this point.
    process.exit(0);`;
  const { output, ingest } = await runExample(handler + use, TEXT);
  expect(output).toBe("Grok\n");
  expect(ingest.run).toMatchObject({ chat_id: chatUuid("support-42"), status: "completed" });
  expect(ingest.step).toMatchObject({ status: "completed", usage: { output_tokens: 2 } });
});

it("the page on LangChain has an example of several chains in one run", async () => {
  const [example = ""] = examplesOf("langchain.md", "Several chains in one run");
  const { output, ingest } = await runExample(example, TEXT);
  expect(output).toBe("");
  expect(ingest.run).toMatchObject({ kind: "compaction", status: "completed" });
  expect(ingest.stepsInOrder.map((step) => messagesOf(step)[0]?.parts[0]?.text)).toEqual([
    "Sum this up: ...",
    "Shorter, please: Grok",
  ]);
});
