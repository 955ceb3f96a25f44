import type { Log } from "../log.ts";
import type { Notifier } from "./digest.ts";

/** Writes digests to the log: ids and counts, and never what a chat is called. */
export function logNotifier(log: Log): Notifier {
  return {
    name: "log",
    deliver({ id, owner, items, further, autoArchiveDays, retentionDays }) {
      log.info(
        {
          digest_id: id,
          owner_id: owner.id,
          archived: items.length + further,
          auto_archive_days: autoArchiveDays,
          retention_days: retentionDays,
        },
        "inactive chats of a person have been archived",
      );
      return Promise.resolve();
    },
  };
}
