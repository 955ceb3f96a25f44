import { z } from "zod";

/** What the variables for digests accept. */

/** The signing secret is what proves who posts, so that a URL with a password has no use, and `fetch` refuses one. */
export const webhookUrl = z.string().refine(
  (text) => {
    const url = URL.parse(text);
    return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "";
  },
  { error: "must be an http or https URL without a user, such as https://hooks.example.com/shelflife" },
);

export const webhookSecret = z
  .string()
  .min(16, { error: "must have at least 16 characters", abort: true })
  .refine((text) => !text.startsWith("whsec_") || /^whsec_[A-Za-z0-9+/]{22,}={0,2}$/.test(text), {
    error: "must be base64 after whsec_",
  });

export const smtpUrl = z.string().refine(
  (text) => {
    const url = URL.parse(text);
    return url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== "";
  },
  { error: "must be a URL such as smtps://user:password@mail.example.com" },
);

/** An address with or without a name. */
export const mailbox = z
  .string()
  .trim()
  .regex(/^([^<>@,;:\r\n]+<[^<>@,;\s]+@[^<>@,;\s]+>|[^<>@,;\s]+@[^<>@,;\s]+)$/, {
    error: "must be an address such as Shelflife <shelflife@example.com>",
  });

/** Variables that mean something together only. */
export const WEBHOOK_TOGETHER = ["SHELFLIFE_DIGEST_WEBHOOK_URL", "SHELFLIFE_DIGEST_WEBHOOK_SECRET"] as const;
export const SMTP_TOGETHER = ["SHELFLIFE_SMTP_URL", "SHELFLIFE_SMTP_FROM"] as const;
