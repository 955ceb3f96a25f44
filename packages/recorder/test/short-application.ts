/** A program that makes one model call and ends, without a word to the recorder unless it is told to shut it down. */
import { inChat, shelflifeRecorder } from "@shelflife/recorder";
import { generateText, registerTelemetry } from "ai";
import { MockLanguageModelV4 } from "ai/test";

const recorder = shelflifeRecorder();
registerTelemetry(recorder);

const model = new MockLanguageModelV4({
  doGenerate: async () => ({
    content: [{ type: "text", text: "Fine." }],
    finishReason: { unified: "stop", raw: "stop" },
    usage: {
      inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 1, text: 1, reasoning: undefined },
    },
    warnings: [],
  }),
});

const { text } = await generateText({ model, prompt: "Hello", ...inChat({ chatId: process.env["CHAT_ID"] ?? "" }) });
console.log(text);

const timeoutMs = process.env["SHUTDOWN_MS"];
if (timeoutMs !== undefined) console.log(await recorder.shutdown({ timeoutMs: Number(timeoutMs) }));
