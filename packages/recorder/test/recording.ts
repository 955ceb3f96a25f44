import { createAnthropic } from "@ai-sdk/anthropic";
import { createDeepSeek } from "@ai-sdk/deepseek";
import { createMistral } from "@ai-sdk/mistral";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { type RecorderOptions, type ShelflifeRecorder, inChat, shelflifeRecorder } from "@shelflife/recorder";
import type { NormalizedPart, StepItem } from "@shelflife/api-contract";
import type { LanguageModel } from "ai";

import type { WarningCode } from "../src/warnings.ts";
import { IngestServer } from "./ingest-server.ts";
import { patientClock } from "./patient-clock.ts";
import { type ProviderAnswer, ProviderReplayServer } from "./provider-replay-server.ts";

// The AI SDK says on the console what a model does not support, which is not what these tests are about.
globalThis.AI_SDK_LOG_WARNINGS = false;

export const CHAT_ID = "01990000-0000-7000-8000-00000000c4a7";

/** A provider, a recorder and the server that it records into, all on the loopback. */
export class Recording implements AsyncDisposable {
  readonly provider: ProviderReplayServer;
  readonly ingest: IngestServer;
  readonly recorder: ShelflifeRecorder;
  readonly warnings: { code: WarningCode; message: string }[] = [];

  private constructor(provider: ProviderReplayServer, ingest: IngestServer, options: RecorderOptions) {
    this.provider = provider;
    this.ingest = ingest;
    this.recorder = shelflifeRecorder({
      baseUrl: ingest.url,
      key: "test-key",
      onWarning: (message, code) => this.warnings.push({ code, message }),
      clock: patientClock,
      ...options,
    });
  }

  static async start(answers: ProviderAnswer[], options: RecorderOptions = {}): Promise<Recording> {
    return new Recording(await ProviderReplayServer.start(...answers), await IngestServer.start(), options);
  }

  /** The options that record a call of the test's chat through this recorder alone. */
  get options() {
    const { runtimeContext, telemetry } = inChat({ chatId: CHAT_ID });
    return { runtimeContext, telemetry: { ...telemetry, integrations: this.recorder } };
  }

  /** A model of a provider by the name of its package; OpenAI has two kinds. */
  model(provider: string, modelId = "test-model"): LanguageModel {
    const settings = { baseURL: this.provider.url, apiKey: "provider-key" };
    switch (provider) {
      case "anthropic":
        return createAnthropic(settings)(modelId);
      case "deepseek":
        return createDeepSeek(settings)(modelId);
      case "mistral":
        return createMistral(settings)(modelId);
      case "openai":
        return createOpenAI(settings).responses(modelId);
      case "openai.chat":
        return createOpenAI(settings).chat(modelId);
      case "openai-compatible":
        return createOpenAICompatible({ ...settings, name: "compatible", includeUsage: true })(modelId);
      default:
        throw new Error(`No provider is called ${provider}.`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.recorder.shutdown({ timeoutMs: 1000 });
    await this.provider[Symbol.asyncDispose]();
    await this.ingest[Symbol.asyncDispose]();
  }
}

/** The messages of a step's request, as recorded. */
export function messagesOf(step: StepItem | undefined): { role: string; parts: NormalizedPart[] }[] {
  return (step?.normalized_request ?? {})["messages"] as { role: string; parts: NormalizedPart[] }[];
}
