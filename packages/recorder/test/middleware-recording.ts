import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import * as ai7 from "ai";
import * as ai5 from "ai-v5";
import * as ai6 from "ai-v6";
import { createOpenAICompatible as createOpenAICompatible1 } from "openai-compatible-v1";
import { createOpenAICompatible as createOpenAICompatible2 } from "openai-compatible-v2";

import { type ChatContext, inChat } from "@shelflife/recorder";
import {
  type ShelflifeMiddleware,
  type ShelflifeMiddlewareOptions,
  shelflifeMiddleware,
} from "@shelflife/recorder/ai-sdk-middleware";

import type { WarningCode } from "../src/warnings.ts";
import { IngestServer } from "./ingest-server.ts";
import { patientClock } from "./patient-clock.ts";
import { type ProviderAnswer, ProviderReplayServer } from "./provider-replay-server.ts";
import { CHAT_ID } from "./recording.ts";

/** What these tests use of the AI SDK, which its versions 5, 6 and 7 have alike. */
export interface Sdk {
  generateText: typeof ai7.generateText;
  streamText: typeof ai7.streamText;
  generateObject: typeof ai7.generateObject;
  stepCountIs: typeof ai7.stepCountIs;
  tool: typeof ai7.tool;
}

interface Version {
  sdk: Sdk;
  /** A model of a provider package of this version's time, with the middleware in front of it. */
  model(baseURL: string, middleware: ShelflifeMiddleware): ai7.LanguageModel;
}

const settings = (baseURL: string) => ({ baseURL, apiKey: "provider-key", name: "compatible", includeUsage: true });

/** The compiler sees that each version takes the middleware for one of its own; the tests treat the versions alike. */
export const VERSIONS: Record<string, Version> = {
  "AI SDK 5": {
    sdk: ai5 as unknown as Sdk,
    model: (baseURL, middleware) => {
      const model = createOpenAICompatible1(settings(baseURL))("test-model");
      return ai5.wrapLanguageModel({ model, middleware });
    },
  },
  "AI SDK 6": {
    sdk: ai6 as unknown as Sdk,
    model: (baseURL, middleware) => {
      const model = createOpenAICompatible2(settings(baseURL))("test-model");
      return ai6.wrapLanguageModel({ model, middleware });
    },
  },
  "AI SDK 7": {
    sdk: ai7,
    model: (baseURL, middleware) => {
      const model = createOpenAICompatible(settings(baseURL))("test-model");
      return ai7.wrapLanguageModel({ model, middleware });
    },
  },
};

/** A provider, a middleware of one version and the server that it records into, all on the loopback. */
export class MiddlewareRecording implements AsyncDisposable {
  readonly provider: ProviderReplayServer;
  readonly ingest: IngestServer;
  readonly middleware: ShelflifeMiddleware;
  readonly sdk: Sdk;
  readonly model: ai7.LanguageModel;
  readonly warnings: { code: WarningCode; message: string }[] = [];

  private constructor(
    version: string,
    provider: ProviderReplayServer,
    ingest: IngestServer,
    options: ShelflifeMiddlewareOptions,
  ) {
    this.provider = provider;
    this.ingest = ingest;
    this.middleware = shelflifeMiddleware({
      baseUrl: ingest.url,
      key: "test-key",
      onWarning: (message, code) => this.warnings.push({ code, message }),
      clock: patientClock,
      ...options,
    });
    const used = VERSIONS[version];
    if (!used) throw new Error(`No version is called ${version}.`);
    this.sdk = used.sdk;
    this.model = used.model(provider.url, this.middleware);
  }

  static async start(
    version: string,
    answers: ProviderAnswer[],
    options: ShelflifeMiddlewareOptions = {},
  ): Promise<MiddlewareRecording> {
    const provider = await ProviderReplayServer.start(...answers);
    return new MiddlewareRecording(version, provider, await IngestServer.start(), options);
  }

  /** Does work in the test's chat. */
  inChat<Answer>(work: () => Answer | PromiseLike<Answer>, chat: Partial<ChatContext> = {}): Promise<Answer> {
    return inChat({ chatId: CHAT_ID, ...chat }, work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.middleware.shutdown({ timeoutMs: 1000 });
    await this.provider[Symbol.asyncDispose]();
    await this.ingest[Symbol.asyncDispose]();
  }
}
