import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import { assertMayGoOn } from "../may-go-on.ts";
import type { PolicyRun, RetentionPolicy } from "../policy.ts";
import { createRowPolicy, type MeasuredRows } from "../row-policy.ts";

/** Files that no chat links, as the drain sees them. */
const chatFileRows: MeasuredRows = {
  countExpired: (store, cutoff, signal) => store.countExpiredFiles(cutoff, signal),
  purgeBatch: (store, request) => store.purgeFileBatch(request),
  nextExpired: (store, request) => store.nextExpiredFile(request),
  sample: (store, cutoff, signal) => store.sampleExpiredFiles(cutoff, signal),
  measureLag: (store, cutoff) => store.measureFileLag(cutoff),
};

/** Old files that no chat links; a file that one links stays for as long as the chat does. */
export function createChatFilesPolicy(): RetentionPolicy {
  const policy = createRowPolicy(
    {
      name: "chat-files",
      recordType: "chat_files",
      action: "delete",
      setting: RETENTION_SETTINGS["retention-days"],
      clock: "when the file was stored (`created_at`), and no chat links it",
    },
    chatFileRows,
  );
  return {
    ...policy,
    async run(run, cutoff, tally) {
      if (cutoff !== null) await noteLinkedFiles(run, cutoff);
      await policy.run(run, cutoff, tally);
    },
  };
}

/** Files that one transaction takes note of at the most. */
const FILES_A_NOTE = 500;

/** Takes note of the files that have become old since the last tick and that chats link. */
async function noteLinkedFiles(run: PolicyRun, cutoff: Date): Promise<void> {
  const { store, signal } = run;
  for (let noted = FILES_A_NOTE; noted === FILES_A_NOTE;) {
    await assertMayGoOn(run);
    noted = await store.noteLinkedFiles({ cutoff, limit: FILES_A_NOTE, signal });
  }
}
