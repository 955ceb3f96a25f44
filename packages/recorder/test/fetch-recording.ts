import Anthropic from "@anthropic-ai/sdk";
import { type ShelflifeFetch, type ShelflifeFetchOptions, shelflifeFetch } from "@shelflife/recorder/fetch";
import OpenAI from "openai";

import type { WarningCode } from "../src/warnings.ts";
import { IngestServer } from "./ingest-server.ts";
import { patientClock } from "./patient-clock.ts";
import { type ProviderAnswer, ProviderReplayServer } from "./provider-replay-server.ts";
import { CHAT_ID } from "./recording.ts";

/** A provider, a recording `fetch` and the server that it records into, all on the loopback. */
export class FetchRecording implements AsyncDisposable {
  readonly provider: ProviderReplayServer;
  readonly ingest: IngestServer;
  readonly fetch: ShelflifeFetch;
  readonly warnings: { code: WarningCode; message: string }[] = [];

  private constructor(provider: ProviderReplayServer, ingest: IngestServer, options: ShelflifeFetchOptions) {
    this.provider = provider;
    this.ingest = ingest;
    this.fetch = shelflifeFetch({
      baseUrl: ingest.url,
      key: "test-key",
      chat: { chatId: CHAT_ID },
      onWarning: (message, code) => this.warnings.push({ code, message }),
      sendWith: globalThis.fetch,
      clock: patientClock,
      ...options,
    });
  }

  static async start(answers: ProviderAnswer[], options: ShelflifeFetchOptions = {}): Promise<FetchRecording> {
    return new FetchRecording(await ProviderReplayServer.start(...answers), await IngestServer.start(), options);
  }

  /** The official library of OpenAI, recorded or not. */
  openai(fetch: typeof globalThis.fetch = this.fetch): OpenAI {
    return new OpenAI({ apiKey: "provider-key", baseURL: this.provider.url, fetch });
  }

  /** The official library of Anthropic, recorded or not. */
  anthropic(fetch: typeof globalThis.fetch = this.fetch): Anthropic {
    return new Anthropic({ apiKey: "provider-key", baseURL: this.provider.url.replace(/\/v1$/, ""), fetch });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fetch.shutdown({ timeoutMs: 1000 });
    await this.provider[Symbol.asyncDispose]();
    await this.ingest[Symbol.asyncDispose]();
  }
}
