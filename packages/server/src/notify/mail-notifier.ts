import { createTransport } from "nodemailer";

import type { Clock } from "../clock.ts";
import { CodedError, codeOf } from "../coded-error.ts";
import type { Notifier } from "./digest.ts";
import { mailOf } from "./mail-text.ts";
import { DELIVERY_LIMIT_MS, withinTimeLimit } from "./time-limit.ts";

export interface MailSettings {
  /** `smtp://` or `smtps://`, with a user and a password where the server asks for them. */
  readonly url: string;
  /** An address, with or without a name: `Shelflife <shelflife@example.com>`. */
  readonly from: string;
}

/** Sends digests to their owners by SMTP, as plain text. */
export function mailNotifier({ url, from }: MailSettings, clock: Clock): Notifier {
  const transport = createTransport({
    url,
    connectionTimeout: DELIVERY_LIMIT_MS,
    greetingTimeout: DELIVERY_LIMIT_MS,
    socketTimeout: DELIVERY_LIMIT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? "localhost";
  return {
    name: "mail",
    deliver: (digest, signal) =>
      withinTimeLimit(clock, signal, async (limited) => {
        const mail = {
          from,
          // An object, so that nothing in an address can make it two.
          to: { name: "", address: digest.owner.email },
          ...mailOf(digest),
          messageId: `<${digest.id}@${domain}>`,
          date: clock.now(),
          headers: { "Auto-Submitted": "auto-generated" },
          signal: limited,
        };
        await transport.sendMail(mail).catch((error: unknown) => {
          throw withoutAddress(error);
        });
      }),
  };
}

/** What a mail server answers may quote the address, which belongs into no log: the codes say enough. */
function withoutAddress(error: unknown): CodedError {
  const { responseCode } = error as { responseCode?: number };
  const codes = [codeOf(error), responseCode].filter((code) => code !== undefined);
  return new CodedError(
    "delivery_failed",
    `The mail could not be sent: ${codes.join(" ") || "for an unknown reason"}.`,
  );
}
