import type { RunStatus } from "@shelflife/api-contract";

import type { Clock } from "./clock.ts";
import type { JsonObject } from "./snapshot.ts";

/** Longer names are cut: nobody reads them, and the metadata that they stand in is small. */
const NAME_CHARACTERS = 200;

/** One execution of a tool, for the metadata of the step that asked for it. */
export class ToolUse {
  readonly name: string;
  readonly toolCallId: string | undefined;
  readonly #clock: Clock;
  readonly #startedAt: number;
  #finishedAt: number | undefined;
  #status: RunStatus = "in_progress";

  constructor(name: string, toolCallId: string | undefined, clock: Clock) {
    this.name = name.slice(0, NAME_CHARACTERS);
    this.toolCallId = toolCallId;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  end(status: Exclude<RunStatus, "in_progress">): void {
    this.#status = status;
    this.#finishedAt = this.#clock.now();
  }

  capture(): JsonObject {
    return {
      tool_name: this.name,
      ...(this.toolCallId !== undefined && { tool_call_id: this.toolCallId }),
      status: this.#status,
      started_at: new Date(this.#startedAt).toISOString(),
      ...(this.#finishedAt !== undefined && {
        finished_at: new Date(this.#finishedAt).toISOString(),
        duration_ms: Math.max(0, this.#finishedAt - this.#startedAt),
      }),
    };
  }
}

/** What a step's metadata says of the tools that its answer asked for; nothing where it asked for none. */
export function toolMetadata(tools: readonly ToolUse[]): { tools?: JsonObject[] } {
  return tools.length === 0 ? {} : { tools: tools.map((tool) => tool.capture()) };
}
