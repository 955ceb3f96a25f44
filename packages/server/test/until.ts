import { setTimeout as pause } from "node:timers/promises";

/** Shorter than a test may take, so that whoever reads of its failure learns what it waited for. */
const PATIENCE_MS = 200_000;

/**
 * Resolves once this is so. It is for what another process does, which no clock of ours moves, and which shows by its
 * traces alone.
 *
 * @param what is told where it does not come
 */
export async function until(
  what: string | (() => string),
  isSo: () => boolean | Promise<boolean>,
  pauseMs = 20,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      throw new Error(
        `In ${PATIENCE_MS / 1000} s it did not come to this: ${typeof what === "string" ? what : what()}`,
      );
    }
    await pause(pauseMs);
  }
}
