import type { FlushOptions } from "./recorder.ts";
import type { RecorderStats } from "./sender.ts";

/** What an application may ask of a recorder, whichever way the model calls come to it. */
export interface RecordingControls {
  /** What became of the items recorded so far. */
  stats(): RecorderStats;
  /** Sends what waits, now. Answers whether all of it reached the server within the time (5 seconds unless told). */
  flush(options?: FlushOptions): Promise<boolean>;
  /**
   * Closes what is still going on as interrupted, sends what waits, and records nothing from then on; calls are made all
   * the same. Answers whether all of it reached the server within the time (5 seconds unless told).
   */
  shutdown(options?: FlushOptions): Promise<boolean>;
}
