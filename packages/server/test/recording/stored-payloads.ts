import { redactStepPayloads, stepItemSchema } from "@shelflife/api-contract";

import { CHATS, type TestApp, type TestUser } from "../test-app.ts";
import { runItem, stepItem, type SentRun, type SentStep } from "../debug-batches.ts";

const PARTS = ["normalized_request", "normalized_response", "attempts"] as const;

export type Payload = Pick<SentStep, (typeof PARTS)[number]>;

/** A run that steps are sent into, and what has to be read of them: the parts that were sent last. */
export class SentPayloads {
  readonly run: SentRun;
  readonly #app: TestApp;
  readonly #user: TestUser;
  readonly #expected = new Map<string, Payload>();
  #steps: SentStep[] = [];

  constructor(app: TestApp, user: TestUser, run: SentRun = runItem({ status: "in_progress" })) {
    this.run = run;
    this.#app = app;
    this.#user = user;
  }

  /** A step of the run with its number; `sendTogether` sends it with parts. */
  step(number: number): SentStep {
    return (this.#steps[number - 1] ??= stepItem(this.run, { step_number: number }));
  }

  get stepIds(): string[] {
    return this.#steps.filter((step) => step !== undefined).map(({ id }) => id);
  }

  /** @throws where anything is refused */
  async sendTogether(parts: readonly (Payload & { number: number; status?: SentStep["status"] })[]): Promise<void> {
    const steps = parts.map(({ number, ...fields }): SentStep => ({
      ...this.step(number),
      status: "completed",
      ...fields,
    }));
    // What crosses the wire is JSON, so that `-0` arrives as 0.
    const body = JSON.stringify({ runs: [this.run], steps });
    for (const item of (JSON.parse(body) as { steps: unknown[] }).steps) {
      // The schema takes no member of the name `__proto__` in the outermost objects.
      const step = stepItemSchema.parse(item);
      const sent = Object.fromEntries(
        PARTS.filter((part) => Object.hasOwn(step, part)).map((part) => [part, step[part]]),
      );
      this.#expected.set(step.id, { ...this.#expected.get(step.id), ...redactStepPayloads(sent) });
    }
    const response = await this.#app.request("POST", `${CHATS}/debug/batch`, { key: this.#user.key, body });
    const answer = (await response.json()) as { rejected?: unknown[] };
    if (response.status !== 200 || answer.rejected?.length !== 0) throw new Error(JSON.stringify(answer));
  }

  /** What of the run is read otherwise than it was recorded, character by character; empty where all is well. */
  async differences(): Promise<string[]> {
    const texts = [await this.readText(`/debug/runs/${this.run.id}`)];
    const wrong: string[] = [];
    for (const id of this.stepIds) {
      texts[1] = await this.readText(`/debug/runs/${this.run.id}/steps/${id}`);
      const expected = this.#expected.get(id) ?? {};
      const { normalized_request = {}, attempts = [], normalized_response } = expected;
      const request = `"normalized_request":${JSON.stringify(normalized_request)},`;
      const response =
        normalized_response === undefined ? "" : `"normalized_response":${JSON.stringify(normalized_response)},`;
      const tries = `"attempts":${JSON.stringify(attempts)}`;
      for (const text of texts) {
        const step = text.slice(text.indexOf(`{"id":"${id}"`));
        for (const part of [request, response, tries])
          if (!step.includes(part)) wrong.push(`${id}: ${part.slice(0, 300)}`);
      }
    }
    return wrong;
  }

  async readText(path: string): Promise<string> {
    const response = await this.#app.request("GET", `${CHATS}/${this.run.chat_id}${path}`, { key: this.#user.key });
    return response.text();
  }

  /** Stored bytes of the run's payloads, and what the steps say of them. */
  async bytes(): Promise<{ stored: number; told: number; chunks: number }> {
    const { rows } = await this.#app.pool.query<{ stored: number; told: number; chunks: number }>(
      `SELECT
         sum(coalesce(octet_length(request), 0) + coalesce(octet_length(response), 0) + coalesce(octet_length(attempts), 0)
           + coalesce(octet_length(chunks), 0) + coalesce(octet_length(chunk_index), 0))::integer AS stored,
         sum(coalesce(octet_length(chunks), 0))::integer AS chunks,
         (SELECT sum(payload_bytes)::integer FROM chat_debug_steps WHERE run_id = $1) AS told
       FROM chat_debug_payloads WHERE run_id = $1`,
      [this.run.id],
    );
    return rows[0] ?? { stored: -1, told: -1, chunks: -1 };
  }
}

/** A message that no other is like, long enough to be stored once. */
export function message(words: string, characters = 300): Record<string, unknown> {
  const text = Array.from({ length: Math.ceil(characters / 8) }, (_, index) => `${words}${(index * 7919) % 1009}`).join(
    " ",
  );
  return { role: "user", parts: [{ type: "text", text: text.slice(0, characters) }] };
}
