import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Notifier } from "./digest.ts";
import { logNotifier } from "./log-notifier.ts";
import { mailNotifier, type MailSettings } from "./mail-notifier.ts";
import { webhookNotifier, type WebhookSettings } from "./webhook-notifier.ts";

/** Every way that is configured to tell owners; the log always is one. */
export function createNotifiers(
  { webhook, mail }: { webhook: WebhookSettings | undefined; mail: MailSettings | undefined },
  { clock, log }: { clock: Clock; log: Log },
): Notifier[] {
  return [
    logNotifier(log),
    ...(webhook === undefined ? [] : [webhookNotifier(webhook, clock)]),
    ...(mail === undefined ? [] : [mailNotifier(mail, clock)]),
  ];
}
