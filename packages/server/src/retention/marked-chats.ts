import { assertMayGoOn, cancelled } from "./may-go-on.ts";
import { stepsToEmpty } from "./empty-chat.ts";
import type { BatchPacer } from "./pace.ts";
import type { PolicyRun, PolicyTally, RetentionPolicy } from "./policy.ts";
import { logUndeletable, mayHelpToHalve, notDeletable, SKIPPED_MAX } from "./undeletable.ts";

type ChatPolicy = Pick<RetentionPolicy, "name" | "recordType" | "action">;

/**
 * Empties and drops every chat that is marked as deleted, one after the other in bounded batches: those that are too large
 * for one transaction, and those that a purger or a command left when it was killed.
 *
 * @param seen the chats that it has looked at in this tick, and looks at no more; it adds to them
 * @returns how many chats could not be deleted; the log names them
 */
export async function finishMarkedChats(
  run: PolicyRun,
  policy: ChatPolicy,
  { tally, pacer, seen }: { tally: PolicyTally; pacer: BatchPacer; seen: string[] },
): Promise<number> {
  const { store, ledgerId, metrics, log } = run;
  let skipped = 0;
  for (;;) {
    const chatId = await store.nextMarkedChat(seen);
    if (chatId === undefined) return skipped;
    seen.push(chatId);
    try {
      if (!(await emptyChat(run, chatId, { tally, pacer }))) return skipped;
      if (await store.dropDeletedChat({ chatId, ledgerId })) {
        tally.deleted += 1;
        metrics.countDone(policy, 1);
      }
    } catch (error) {
      if (run.signal.aborted) throw cancelled();
      if (!mayHelpToHalve(error)) throw error;
      skipped += 1;
      logUndeletable(log, policy, chatId, error);
      if (skipped >= SKIPPED_MAX) throw notDeletable(skipped, error);
    }
  }
}

/** Answers false where the time budget ended it. */
async function emptyChat(
  run: PolicyRun,
  chatId: string,
  { tally, pacer }: { tally: PolicyTally; pacer: BatchPacer },
): Promise<boolean> {
  const { store, ledgerId, signal } = run;
  for (const { deleteBatch } of await stepsToEmpty(store, chatId, { ledgerId, signal })) {
    for (let more = true; more;) {
      await assertMayGoOn(run);
      if (pacer.budgetEnded) {
        tally.budgetEnded = true;
        return false;
      }
      const { limit } = pacer;
      const deleted = await pacer.time(() => halveWhereItFails(() => deleteBatch(limit), pacer));
      if (deleted !== undefined) {
        tally.batches += Number(deleted > 0);
        more = deleted === limit;
        pacer.grow();
      }
      if (more) await pacer.pause(signal);
    }
  }
  return true;
}

/** Undefined where the batch failed and a smaller one may not. */
async function halveWhereItFails(batch: () => Promise<number>, pacer: BatchPacer): Promise<number | undefined> {
  try {
    return await batch();
  } catch (error) {
    if (pacer.limit === 1 || !mayHelpToHalve(error)) throw error;
    pacer.halve();
    return undefined;
  }
}
