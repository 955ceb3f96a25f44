import {
  type DebugBatch,
  type DebugBatchResult,
  type DebugRun,
  type DebugRunSkeleton,
  type DebugRunSummary,
  type DebugStep,
  RETENTION_SETTINGS,
  type RetentionSettingName,
  debugBatchResultSchema,
  debugRunSchema,
  debugRunSkeletonSchema,
  debugRunSummarySchema,
  debugStepSchema,
} from "@shelflife/api-contract";

import { type AnswerSchema, readAnswer, readError } from "./read-answer.ts";
import { jsonRequestBody } from "./request-body.ts";
import { ShelflifeError } from "./shelflife-error.ts";

const CHATS = "api/experimental/chats";
const DEFAULT_TIMEOUT_MS = 30_000;

export interface ShelflifeClientOptions {
  /** Where the server is, for instance `https://shelflife.example.com`. A path is kept as a prefix. */
  baseUrl: string | URL;
  /** An API key. It is sent in a header and never shows up in an error, a URL or a log of this object. */
  key: string;
  /** Replaces the global `fetch`, for instance by a server's own entry point in a test. */
  fetch?: (request: Request) => Response | Promise<Response>;
  userAgent?: string;
  /** How long one request may take, in milliseconds; 30 seconds unless told. */
  timeoutMs?: number;
}

export interface RequestOptions {
  /** Ends the request with a `ShelflifeError` of the code `aborted`. */
  signal?: AbortSignal | undefined;
}

export interface RecordOptions extends RequestOptions {
  /** Compresses bodies above 1 KiB; true unless told. */
  gzip?: boolean;
}

interface Call extends RequestOptions {
  method?: "GET" | "POST" | "PUT";
  body?: unknown;
  gzip?: boolean;
}

/**
 * A typed client of the Shelflife API. Its methods reject with a `ShelflifeError`; the one exception is a body that
 * cannot be written as JSON, which is the caller's mistake and a `TypeError`.
 */
export class ShelflifeClient {
  readonly #baseUrl: URL;
  readonly #headers: Record<string, string>;
  readonly #fetch: NonNullable<ShelflifeClientOptions["fetch"]>;
  readonly #timeoutMs: number;

  /** @throws {TypeError} for a base URL or a key that no request could be made with. */
  constructor(options: ShelflifeClientOptions) {
    this.#baseUrl = readBaseUrl(options.baseUrl);
    // A key that cannot be a header value would make fetch fail with a message that quotes it.
    if (!/^[\x21-\x7e]+$/.test(options.key)) {
      throw new TypeError("The Shelflife key must be printable ASCII without spaces.");
    }
    this.#headers = { Accept: "application/json", "Coder-Session-Token": options.key };
    if (options.userAgent !== undefined) this.#headers["User-Agent"] = options.userAgent;
    this.#fetch = options.fetch ?? ((request) => globalThis.fetch(request));
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** The retention window in force, in days; 0 keeps the data for ever. */
  async getRetentionDays(name: RetentionSettingName, options?: RequestOptions): Promise<number> {
    const { field } = RETENTION_SETTINGS[name];
    const schema = daysSchema(field);
    return this.#answer(`${CHATS}/config/${name}`, schema, { ...options });
  }

  /** Sets a retention window, in whole days from 0 (for ever) to 3650. Needs the right to update the deployment. */
  async setRetentionDays(name: RetentionSettingName, days: number, options?: RequestOptions): Promise<void> {
    const body = { [RETENTION_SETTINGS[name].field]: days };
    await this.#call(`${CHATS}/config/${name}`, { ...options, method: "PUT", body });
  }

  /** How long debug runs are kept after their last write, in days; 0 keeps them for ever. */
  getDebugRetentionDays(options?: RequestOptions): Promise<number> {
    return this.getRetentionDays("debug-retention-days", options);
  }

  setDebugRetentionDays(days: number, options?: RequestOptions): Promise<void> {
    return this.setRetentionDays("debug-retention-days", days, options);
  }

  /** The newest debug runs of a chat, newest first, at most 100. A chat that is not the caller's is `not_found`. */
  listDebugRuns(chatId: string, options?: RequestOptions): Promise<DebugRunSummary[]> {
    const path = `${CHATS}/${encodeURIComponent(chatId)}/debug/runs`;
    return this.#answer(path, debugRunSummarySchema.array(), { ...options });
  }

  /** One debug run with its steps, ordered by their number. */
  getDebugRun(chatId: string, runId: string, options?: RequestOptions): Promise<DebugRun> {
    return this.#answer(runPath(chatId, runId), debugRunSchema, { ...options });
  }

  /** One debug run with its steps as `getDebugRun` answers it, without the payloads: a long run stays a small answer. */
  getDebugRunSkeleton(chatId: string, runId: string, options?: RequestOptions): Promise<DebugRunSkeleton> {
    return this.#answer(`${runPath(chatId, runId)}?payloads=false`, debugRunSkeletonSchema, { ...options });
  }

  /** One step of a debug run with its payloads. */
  getDebugStep(chatId: string, runId: string, stepId: string, options?: RequestOptions): Promise<DebugStep> {
    const path = `${runPath(chatId, runId)}/steps/${encodeURIComponent(stepId)}`;
    return this.#answer(path, debugStepSchema, { ...options });
  }

  /** Upserts chats, runs and steps by id. Sending a batch again changes nothing; a bad item is answered, not thrown. */
  recordDebugBatch(batch: DebugBatch, options?: RecordOptions): Promise<DebugBatchResult> {
    const call = { ...options, method: "POST" as const, body: batch, gzip: options?.gzip ?? true };
    return this.#answer(`${CHATS}/debug/batch`, debugBatchResultSchema, call);
  }

  /** Whether the server is there and can serve; never rejects. */
  async isReady(options?: RequestOptions): Promise<boolean> {
    try {
      await this.#call("readyz", { ...options });
      return true;
    } catch {
      return false;
    }
  }

  async #answer<Answer>(path: string, schema: AnswerSchema<Answer>, call: Call): Promise<Answer> {
    return this.#call(path, call, (response) => readAnswer(response, schema));
  }

  /** The body is read within the same time limit as the headers, so a stalled answer cannot hang the caller. */
  async #call(path: string, call: Call): Promise<void>;
  async #call<Answer>(path: string, call: Call, read: (response: Response) => Promise<Answer>): Promise<Answer>;
  async #call(path: string, call: Call, read?: (response: Response) => Promise<unknown>): Promise<unknown> {
    const body = call.body === undefined ? undefined : await jsonRequestBody(call.body, call.gzip ?? false);
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
    try {
      const response = await this.#fetch(
        new Request(new URL(path, this.#baseUrl), {
          method: call.method ?? "GET",
          headers: { ...this.#headers, ...body?.headers },
          body: body?.content ?? null,
          // A redirect to another host would carry the key there: fetch strips only the standard header names.
          redirect: "error",
          signal,
        }),
      );
      if (!response.ok) throw await readError(response);
      if (read) return await read(response);
      await response.body?.cancel();
      return undefined;
    } catch (error) {
      throw asShelflifeError(error, { aborted: call.signal?.aborted ?? false, timedOut: timeout.aborted });
    }
  }
}

function runPath(chatId: string, runId: string): string {
  return `${CHATS}/${encodeURIComponent(chatId)}/debug/runs/${encodeURIComponent(runId)}`;
}

function readBaseUrl(baseUrl: string | URL): URL {
  const url = URL.parse(baseUrl.toString());
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError("The Shelflife URL must be http or https.");
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("The Shelflife URL must not hold credentials; pass the key by itself.");
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  url.search = "";
  url.hash = "";
  return url;
}

/** Each setting's body has one field of its own name. */
function daysSchema(field: string): AnswerSchema<number> {
  return {
    safeParse(value) {
      const days: unknown = typeof value === "object" && value !== null ? Reflect.get(value, field) : undefined;
      return Number.isInteger(days) ? { success: true, data: days as number } : { success: false };
    },
  };
}

function asShelflifeError(error: unknown, signals: { aborted: boolean; timedOut: boolean }): ShelflifeError {
  if (error instanceof ShelflifeError) return error;
  if (signals.aborted)
    return new ShelflifeError({ code: "aborted", message: "The request was aborted.", cause: error });
  if (signals.timedOut) {
    return new ShelflifeError({ code: "timeout", message: "The server did not answer in time.", cause: error });
  }
  return new ShelflifeError({ code: "network", message: "The server could not be reached.", cause: error });
}
