import { Recorder, sendToServer } from "./recorder.ts";
import type { ResolvedOptions } from "./recorder-options.ts";
import type { RecorderStats } from "./sender.ts";
import type { Warnings } from "./warnings.ts";

/** What a recorder that was never opened has to say. */
export const NOTHING_RECORDED: Readonly<RecorderStats> = { queued: 0, sent: 0, dropped: 0, rejected: 0 };

/** Answers undefined, having said so once, where the options do not suffice; without a word where they say not to. */
export function openRecorder(options: ResolvedOptions, warnings: Warnings): Recorder | undefined {
  if (!options.enabled) return undefined;
  if (!options.connection) {
    warnings.once(
      "not_configured",
      "Nothing is recorded: set SHELFLIFE_URL and SHELFLIFE_API_KEY, or pass baseUrl and key.",
    );
    return undefined;
  }
  try {
    return new Recorder(sendToServer(options.connection), options, warnings);
  } catch (error) {
    warnings.once("not_configured", `Nothing is recorded: ${error instanceof Error ? error.message : "bad options"}`);
    return undefined;
  }
}
