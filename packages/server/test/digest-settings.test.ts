import { describe, expect, test } from "vitest";

import { readConfig } from "../src/config.ts";

/** What each of the two variables of a transport is beside the other, which stands as it should. */
const BESIDE = {
  SHELFLIFE_DIGEST_WEBHOOK_URL: { SHELFLIFE_DIGEST_WEBHOOK_SECRET: "sixteencharacter" },
  SHELFLIFE_DIGEST_WEBHOOK_SECRET: { SHELFLIFE_DIGEST_WEBHOOK_URL: "https://hooks.example.com" },
  SHELFLIFE_SMTP_URL: { SHELFLIFE_SMTP_FROM: "shelflife@example.com" },
  SHELFLIFE_SMTP_FROM: { SHELFLIFE_SMTP_URL: "smtp://localhost" },
} as const;

function read(name: string, text: string, beside: Record<string, string>): unknown {
  return readConfig({ ...beside, [name]: text })[name as keyof typeof BESIDE];
}

describe.each<[keyof typeof BESIDE, string[], string[]]>([
  [
    "SHELFLIFE_DIGEST_WEBHOOK_URL",
    ["http://127.0.0.1:9/a?b=c", "https://hooks.example.com"],
    ["hooks.example.com", "ftp://a", "https://user@a", "https://:pw@a"],
  ],
  [
    "SHELFLIFE_DIGEST_WEBHOOK_SECRET",
    ["sixteencharacter", "whsec_c2hlbGZsaWZlIHRlc3RzIHNpZ24"],
    ["fifteencharacte", "whsec_shorter", "whsec_not base64 at all, is it"],
  ],
  ["SHELFLIFE_SMTP_URL", ["smtps://a:b@c:465", "smtp://localhost"], ["localhost:25", "http://a", "smtp://"]],
  [
    "SHELFLIFE_SMTP_FROM",
    ["a@b", "Shelf Life <a@b.example>"],
    ["nobody", "a@b, c@d", "a@b\nBcc: c@d", "<a@b>", "A <a@b> B"],
  ],
])("%s", (name, accepted, refused) => {
  test.each(accepted)("may be %j", (text) => {
    expect(read(name, text, BESIDE[name])).toBe(text);
  });

  test.each(refused)("may not be %j, and is named without its value", (text) => {
    const sentence = new RegExp(`^Invalid configuration: ${name} must [^;]+\\.$`);
    expect(() => read(name, text, BESIDE[name])).toThrow(sentence);
  });

  test("needs the other of its transport", () => {
    const [other = ""] = Object.keys(BESIDE[name]);
    expect(() => read(name, accepted[0] ?? "", {})).toThrow(`${other} must be set where others of`);
  });
});

test("without any of them owners are told by the log alone", () => {
  for (const name of Object.keys(BESIDE)) expect(readConfig({})).not.toHaveProperty(name);
});
