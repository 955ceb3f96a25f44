import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import type { Digest, Notifier } from "./digest.ts";
import { withinTimeLimit } from "./time-limit.ts";
import { signWebhook } from "./webhook-signature.ts";

export interface WebhookSettings {
  readonly url: string;
  readonly secret: string;
}

/** Posts digests as signed JSON. Any answer but a success fails the delivery, a redirect too: it is not followed. */
export function webhookNotifier({ url, secret }: WebhookSettings, clock: Clock): Notifier {
  return {
    name: "webhook",
    deliver: (digest, signal) =>
      withinTimeLimit(clock, signal, async (limited) => {
        const body = JSON.stringify(messageOf(digest));
        const response = await fetch(url, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            ...signWebhook({ id: digest.id, time: clock.now(), body }, secret),
          },
          body,
          redirect: "manual",
          signal: limited,
        });
        // Nothing that it says is needed, and it may be endless.
        await response.body?.cancel();
        if (!response.ok) {
          throw new CodedError("delivery_failed", `The webhook answered with the status ${response.status}.`);
        }
      }),
  };
}

function messageOf(digest: Digest): object {
  return {
    type: "chats.auto_archived",
    timestamp: digest.archivedAt.toISOString(),
    data: {
      id: digest.id,
      owner: digest.owner,
      items: digest.items.map(({ title, lastActivity }) => ({ title, last_activity: lastActivity.toISOString() })),
      further: digest.further,
      auto_archive_days: digest.autoArchiveDays,
      retention_days: digest.retentionDays,
    },
  };
}
