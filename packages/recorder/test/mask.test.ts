import { generateText, streamText, tool } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { type Mask, type MaskedField, inChat, maskTexts } from "@shelflife/recorder";

import { shelflifeFetch } from "../src/fetch.ts";
import { maskItem } from "../src/mask.ts";
import { FetchRecording } from "./fetch-recording.ts";
import { IngestServer } from "./ingest-server.ts";
import { type ProviderAnswer, ProviderReplayServer, errorAnswer, fixtureAnswer } from "./provider-replay-server.ts";
import { CHAT_ID, Recording, messagesOf } from "./recording.ts";

const CARD = "4111-1111-1111-1111";
const CARDS = /\d{4}-\d{4}-\d{4}-\d{4}/g;

const answers: ProviderAnswer[] = [
  errorAnswer(429, `Too many calls for ${CARD}.`),
  fixtureAnswer("deepseek/deepseek-tool-call.json"),
  fixtureAnswer("deepseek/deepseek-json.json"),
];

/** A call that carries the number in every place that is recorded. */
async function callWithCard(recording: Recording): Promise<unknown> {
  const { runtimeContext, telemetry } = inChat({ chatId: CHAT_ID, title: `Card ${CARD}` });
  return generateText({
    model: recording.model("deepseek"),
    instructions: `The customer's card is ${CARD}.`,
    prompt: `Charge ${CARD}${" please".repeat(3000)} ${CARD}`,
    headers: { "x-customer": CARD },
    tools: {
      weather: tool({
        description: `Knows ${CARD}.`,
        inputSchema: z.object({ location: z.string() }),
        execute: () => ({ [CARD]: { note: `paid with ${CARD}` } }),
      }),
    },
    runtimeContext,
    telemetry: { ...telemetry, functionId: CARD, integrations: recording.recorder },
  });
}

async function record(mask: Mask | undefined): Promise<Recording> {
  const recording = await Recording.start(answers, { mask });
  await callWithCard(recording);
  await recording.recorder.flush();
  return recording;
}

it("would have the number in every field, so that these tests test something", async () => {
  await using recording = await record(undefined);
  const [chat] = recording.ingest.chats.values();
  const [step] = recording.ingest.stepsInOrder;
  for (const content of [
    chat?.title,
    step?.normalized_request,
    step?.normalized_response,
    step?.attempts,
    step?.metadata,
  ]) {
    expect(JSON.stringify(content)).toContain(CARD);
  }
});

it("takes out what the application says, wherever it stands, also as the name of a field", async () => {
  await using recording = await record(maskTexts((text) => text.replace(CARDS, "[CARD]")));
  const sent = JSON.stringify(recording.ingest.batches);
  expect(sent).not.toContain(CARD);
  expect(sent).toContain("Charge [CARD]");
  expect(recording.warnings).toEqual([]);
  const [chat] = recording.ingest.chats.values();
  expect(chat?.title).toBe("Card [CARD]");
  const [step] = recording.ingest.stepsInOrder;
  expect(step?.attempts).toMatchObject([{ error: { message: "Too many calls for [CARD]." } }, { status: "completed" }]);
  expect(step?.normalized_response?.["content"]).toContainEqual(
    expect.objectContaining({ type: "tool-result", result: { "[CARD]": { note: "paid with [CARD]" } } }),
  );
  expect(step?.usage).toMatchObject({ input_tokens: 339, output_tokens: 92 });
});

it("is applied to what a recording fetch sends as well", async () => {
  await using provider = await ProviderReplayServer.start(fixtureAnswer("openai/openai-text.json"));
  await using ingest = await IngestServer.start();
  const mask = maskTexts((text) => text.replace(CARDS, "[CARD]"));
  const recorded = shelflifeFetch({ baseUrl: ingest.url, key: "key", chat: { chatId: CHAT_ID, title: CARD }, mask });
  const body = JSON.stringify({ model: "test-model", messages: [{ role: "user", content: `Charge ${CARD}.` }] });
  const response = await recorded(`${provider.url}/chat/completions`, { method: "POST", body });
  await response.text();
  expect(await recorded.shutdown()).toBe(true);
  expect(JSON.stringify(provider.requests[0]?.json)).toContain(CARD);
  expect(JSON.stringify(ingest.batches)).not.toContain(CARD);
  expect(messagesOf(ingest.step)).toMatchObject([{ parts: [{ text: "Charge [CARD]." }] }]);
});

it("leaves nothing of what a stream brings in pieces, in which it finds nothing", async () => {
  const deltas = ["Call 12", "3-45", "-678", "9."].map((content) => ({ choices: [{ index: 0, delta: { content } }] }));
  const last = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
  const events = [...deltas, last].map((event) => `data: ${JSON.stringify({ id: "1", model: "m", ...event })}\n\n`);
  const mask = maskTexts((text) => text.replace(/\d{3}-\d{2}-\d{4}/g, "[SSN]"));
  await using recording = await FetchRecording.start([{ events, finally: "end" }], { mask });
  const messages = [{ role: "user" as const, content: "Whom do I call?" }];
  const stream = await recording.openai().chat.completions.create({ model: "m", stream: true, messages });
  for await (const _ of stream);
  await recording.fetch.flush();
  expect(recording.ingest.step).toMatchObject({
    status: "completed",
    normalized_response: { content: [{ type: "text", text: "Call [SSN]." }] },
    attempts: [{ response_status: 200, response_body: "[REDACTED]" }],
  });
});

it("is asked before texts are cut, so that nothing escapes it by standing where the cut goes through", async () => {
  const cut = "a".repeat(9995);
  await using recording = await Recording.start([fixtureAnswer("openai/openai-text.json")], {
    mask: maskTexts((text) => text.replace(CARDS, "[CARD]")),
  });
  await generateText({ model: recording.model("openai.chat"), prompt: cut + CARD, ...recording.options });
  await recording.recorder.flush();
  expect(JSON.stringify(recording.ingest.batches)).not.toContain("4111");
});

describe("a mask that fails", () => {
  const wrong: [string, Mask][] = [
    [
      "throws",
      () => {
        throw new Error(CARD);
      },
    ],
    ["answers nothing", () => undefined],
    ["answers a promise", (content) => Promise.resolve(content)],
    ["breaks its promise", () => Promise.reject(new Error(CARD))],
    ["answers another shape", () => 7],
    ["is no function", "mask" as unknown as Mask],
  ];

  it.each(wrong)("because it %s leaves nothing of the content, and its figures", async (_, mask) => {
    await using recording = await record(mask);
    const sent = JSON.stringify(recording.ingest.batches);
    expect(sent).not.toContain(CARD);
    expect(sent).not.toContain("Charge");
    expect(sent).not.toContain("weather");
    const [chat] = recording.ingest.chats.values();
    expect(chat?.title).toBe("[REDACTED]");
    const [step] = recording.ingest.stepsInOrder;
    expect(step).toMatchObject({
      status: "completed",
      normalized_request: { messages: [{ role: "user", parts: [{ type: "text", text: "[REDACTED]" }] }] },
      normalized_response: { content: [{ type: "text", text: "[REDACTED]" }], finish_reason: "tool-calls" },
      usage: { input_tokens: 339 },
      attempts: [
        { number: 1, status: "error", response_status: 429, request_body: "[REDACTED]" },
        { number: 2, status: "completed", response_body: "[REDACTED]" },
      ],
      metadata: { masked: "[REDACTED]" },
    });
    expect(recording.ingest.run.status).toBe("completed");
    expect(recording.recorder.stats()).toMatchObject({ dropped: 0, rejected: 0 });
  });

  it("is told once for each field, without the content", async () => {
    await using recording = await record(wrong[0]?.[1]);
    expect(recording.warnings.map(({ code }) => code)).toEqual(
      ["title", "normalized_request", "metadata", "attempts", "normalized_response"].map(() => "mask_failed"),
    );
    expect(JSON.stringify(recording.warnings)).not.toContain(CARD);
  });

  it("for one field leaves the others", async () => {
    await using recording = await record((content, field) => {
      if (field === "attempts") throw new Error("attempts");
      return content;
    });
    const [step] = recording.ingest.stepsInOrder;
    expect(JSON.stringify(step?.attempts)).not.toContain(CARD);
    expect(JSON.stringify(step?.normalized_request)).toContain(CARD);
  });

  it("leaves nothing of an error either", async () => {
    const asked: MaskedField[] = [];
    await using recording = await Recording.start([errorAnswer(400, `No card ${CARD}.`)], {
      mask: (_, field) => void asked.push(field),
    });
    const failure = streamText({
      model: recording.model("deepseek"),
      prompt: "Hello",
      onError: () => undefined,
      ...recording.options,
    });
    await failure.consumeStream();
    await recording.recorder.flush();
    expect(asked).toContain("error");
    expect(recording.ingest.step).toMatchObject({
      status: "error",
      error: { message: "[REDACTED]", status_code: 400 },
    });
    expect(JSON.stringify(recording.ingest.batches)).not.toContain(CARD);
  });
});

it("gets a copy, so that what it does to it does not reach another record of the same content", () => {
  const body = { messages: ["Hello"] };
  const attempts = [{ request_body: body }, { request_body: body }];
  const step = { id: CHAT_ID, run_id: CHAT_ID, chat_id: CHAT_ID, attempts };
  const masked = maskItem({ kind: "step", value: step }, emptyEverything, expect.fail);
  expect(masked.value).toMatchObject({ attempts: [{ request_body: {} }, { request_body: {} }] });
  expect(step.attempts).toEqual([{ request_body: { messages: ["Hello"] } }, { request_body: { messages: ["Hello"] } }]);
});

const emptyEverything: Mask = (content) => {
  for (const attempt of Array.isArray(content) ? content : []) Object.assign(attempt ?? {}, { request_body: {} });
  return content;
};

it("may drop what it wants as long as it keeps the shape", async () => {
  await using recording = await record((content, field) => (field === "attempts" ? [] : content));
  expect(recording.ingest.stepsInOrder[0]?.attempts).toEqual([]);
  expect(recording.warnings).toEqual([]);
});
