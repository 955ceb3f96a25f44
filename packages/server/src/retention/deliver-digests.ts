import type { RetentionSetting } from "@shelflife/api-contract";
import { RETENTION_SETTINGS } from "@shelflife/api-contract";

import { CodedError, codeOf } from "../coded-error.ts";
import type { Digest, DigestWindow } from "../notify/digest.ts";
import type { DueDigest } from "../store/digest-outbox.ts";
import { assertMayGoOn, cancelled } from "./may-go-on.ts";
import type { PolicyRun } from "./policy.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** So long may the deliveries of one tick take; what is left waits for the next. */
const BUDGET_MS = 2 * MINUTE_MS;

const DIGESTS_AT_ONCE = 50;

/** The first pause after a delivery that failed; it doubles each time. */
const FIRST_PAUSE_MS = 5 * MINUTE_MS;
const LONGEST_PAUSE_MS = 12 * 60 * MINUTE_MS;

/** A digest that cannot be delivered for so long is given up. */
const GIVEN_UP_MS = 7 * DAY_MS;

/** Delivered digests are kept for so long, for whoever asks what was sent. */
const KEPT_MS = 7 * DAY_MS;
const REMOVED_AT_ONCE = 1_000;

/**
 * Delivers the digests that are due, those of ticks that died included, and takes old ones away. A delivery that fails
 * holds up no other, and is tried again in a later tick.
 *
 * @throws CodedError `delivery_failed` at the end, where any failed
 */
export async function deliverDigests(run: PolicyRun): Promise<void> {
  const { store, clock } = run;
  const started = clock.monotonic();
  const hasTime = (): boolean => clock.monotonic() - started < BUDGET_MS;
  let failed = 0;
  while (hasTime()) {
    const due = await store.listDueDigests({ now: clock.now(), limit: DIGESTS_AT_ONCE });
    if (due.length === 0) break;
    const windows = await readWindows(run);
    for (const digest of due) {
      if (!hasTime()) break;
      await assertMayGoOn(run);
      if (!(await deliver(run, digest, windows))) failed += 1;
    }
  }
  for (let removed = REMOVED_AT_ONCE; removed === REMOVED_AT_ONCE;) {
    await assertMayGoOn(run);
    const before = new Date(clock.now().getTime() - KEPT_MS);
    removed = await store.removeDeliveredDigests({ before, limit: REMOVED_AT_ONCE });
  }
  if (failed > 0) {
    throw new CodedError("delivery_failed", `${failed} digests could not be delivered; the log says why.`);
  }
}

/** Delivers one digest by every transport that has not delivered it yet; answers whether all of them have now. */
async function deliver(run: PolicyRun, due: DueDigest, windows: Windows): Promise<boolean> {
  const { store, clock, log, notifiers, signal } = run;
  const digest = digestOf(due, windows);
  const errors: unknown[] = [];
  for (const notifier of notifiers) {
    if (due.deliveredBy.includes(notifier.name)) continue;
    try {
      await notifier.deliver(digest, signal);
    } catch (error) {
      if (signal.aborted) throw cancelled();
      errors.push(error);
      log.error(
        { digest_id: due.id, owner_id: due.ownerId, transport: notifier.name, code: codeOf(error), err: error },
        "a digest could not be delivered",
      );
      continue;
    }
    await store.noteDelivery(due.id, notifier.name);
  }
  if (errors.length === 0) await store.completeDigest(due.id, clock.now());
  else await postpone(run, due);
  return errors.length === 0;
}

async function postpone({ store, clock, log }: PolicyRun, due: DueDigest): Promise<void> {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** due.attempts, LONGEST_PAUSE_MS);
  const next = new Date(clock.now().getTime() + pauseMs);
  if (next.getTime() - due.createdAt.getTime() <= GIVEN_UP_MS) return store.postponeDigest(due.id, next);
  await store.giveUpDigest(due.id);
  log.error(
    { digest_id: due.id, owner_id: due.ownerId, archived: due.archived, attempts: due.attempts + 1 },
    "a digest could not be delivered for a week and is given up",
  );
}

type Windows = Pick<Digest, "autoArchiveDays" | "retentionDays">;

async function readWindows({ store }: PolicyRun): Promise<Windows> {
  const read = async (setting: RetentionSetting): Promise<DigestWindow> => {
    try {
      return (await store.readRetentionWindow(setting)).days;
    } catch {
      return "unknown";
    }
  };
  return {
    autoArchiveDays: await read(RETENTION_SETTINGS["auto-archive-days"]),
    retentionDays: await read(RETENTION_SETTINGS["retention-days"]),
  };
}

function digestOf(due: DueDigest, windows: Windows): Digest {
  const { id, ownerId, ownerEmail, createdAt, archived, items } = due;
  return {
    id,
    owner: { id: ownerId, email: ownerEmail },
    archivedAt: createdAt,
    items,
    further: archived - items.length,
    ...windows,
  };
}
