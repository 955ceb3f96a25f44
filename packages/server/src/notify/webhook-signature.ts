import { createHmac } from "node:crypto";

/** The prefix of a secret that is written in base64. */
const BASE64_SECRET = "whsec_";

/**
 * The headers of a webhook message as Standard Webhooks 1.0 has them: the signature is HMAC-SHA256 over the id, the time
 * in seconds and the body, joined by dots.
 *
 * @param secret `whsec_` and base64, or any other text as it is
 * @see https://www.standardwebhooks.com
 */
export function signWebhook(
  message: { readonly id: string; readonly time: Date; readonly body: string },
  secret: string,
): Record<string, string> {
  const timestamp = Math.floor(message.time.getTime() / 1000).toString();
  const signature = createHmac("sha256", keyOf(secret))
    .update(`${message.id}.${timestamp}.${message.body}`)
    .digest("base64");
  return { "webhook-id": message.id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

function keyOf(secret: string): Buffer {
  return secret.startsWith(BASE64_SECRET)
    ? Buffer.from(secret.slice(BASE64_SECRET.length), "base64")
    : Buffer.from(secret, "utf8");
}
