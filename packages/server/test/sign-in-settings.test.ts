import { describe, expect, test } from "vitest";

import { readConfig } from "../src/config.ts";

/** Variables that need others have them. */
const OIDC = {
  SHELFLIFE_OIDC_ISSUER: "https://accounts.example.com",
  SHELFLIFE_OIDC_CLIENT_ID: "shelflife",
  SHELFLIFE_OIDC_CLIENT_SECRET: "hunter2",
};

function refusalOf(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    expect(error).toMatchObject({ code: "config_invalid" });
    return (error as Error).message;
  }
  throw new Error("The environment was accepted.");
}

describe.each<[string, Record<string, unknown>, string[]]>([
  [
    "SHELFLIFE_PUBLIC_URL",
    {
      "https://Shelflife.example.com": "https://shelflife.example.com",
      "https://shelflife.example.com/": "https://shelflife.example.com",
      "http://localhost:7080": "http://localhost:7080",
    },
    ["internal.example.com", "ftp://a", "https://a/b", "https://a/?b", "https://a/#b", "https://u:p@a", "https://"],
  ],
  [
    "SHELFLIFE_TRUSTED_PROXIES",
    {
      "10.0.0.1": ["10.0.0.1"],
      " 10.0.0.0/8, ::1 2001:db8::/32 ": ["10.0.0.0/8", "::1", "2001:db8::/32"],
      "0.0.0.0/0": ["0.0.0.0/0"],
    },
    ["proxy", "10.0.0.0/33", "::1/129", "10.0.0.0/8/8", "10.0.0.0/", "10.0.0", "10.0.0.1,,", "/8", " "],
  ],
  ["SHELFLIFE_SECRET", { ["x".repeat(32)]: "x".repeat(32) }, ["x", "x".repeat(31)]],
  [
    "SHELFLIFE_OIDC_ISSUER",
    {
      "https://accounts.example.com/realms/a": "https://accounts.example.com/realms/a",
      "http://127.0.0.1:9000": "http://127.0.0.1:9000",
      "http://localhost": "http://localhost",
      "http://[::1]:1": "http://[::1]:1",
    },
    [
      "internal.example.com",
      "http://internal.example.com",
      "http://127.0.0.1.example.com",
      "https://u:p@a",
      "https://a?b",
    ],
  ],
  ["SHELFLIFE_OIDC_NAME", { Example: "Example" }, [" "]],
  [
    "SHELFLIFE_OIDC_SCOPES",
    { openid: ["openid"], " openid  email,groups": ["openid", "email", "groups"] },
    ["email profile", " ", "openid2"],
  ],
  [
    "SHELFLIFE_OIDC_EMAIL_DOMAINS",
    { "Example.com": ["example.com"], "a.example.com, b.example.org": ["a.example.com", "b.example.org"] },
    ["@example.com", "localhost", "*.example.com", "example.com,,", " "],
  ],
  ["SHELFLIFE_OIDC_SIGN_UPS", { true: true, false: false }, ["no", "FALSE"]],
])("%s", (name, accepted, refused) => {
  test("is read as it should be at the edges of what is allowed", () => {
    for (const [text, value] of Object.entries(accepted)) {
      expect(readConfig({ ...OIDC, [name]: text })).toEqual({ ...readConfig(OIDC), [name]: value });
    }
  });

  test("is refused beyond them, with one sentence that names it and never its value", () => {
    for (const text of refused) {
      const message = refusalOf({ ...OIDC, [name]: text });
      expect(message).toMatch(new RegExp(`^Invalid configuration: ${name} must [^;]+\\.$`));
      if (text.length > 15) expect(message).not.toContain(text);
    }
  });
});

describe("what an OpenID Connect provider needs", () => {
  test.each(Object.keys(OIDC))("is missing where %s is not set beside the others", (missing) => {
    const message = refusalOf(Object.fromEntries(Object.entries(OIDC).filter(([name]) => name !== missing)));
    expect(message).toMatch(new RegExp(`^Invalid configuration: ${missing} must be set where others of `));
    expect(message).not.toContain("hunter2");
  });

  test("is named once where it is wrong, and not as missing too", () => {
    const message = refusalOf({ ...OIDC, SHELFLIFE_OIDC_ISSUER: "nowhere" });
    expect(message.match(/SHELFLIFE_\w+/g)).toEqual(["SHELFLIFE_OIDC_ISSUER"]);
  });

  test("is nothing where there is none", () => {
    expect(readConfig({})).not.toHaveProperty("SHELFLIFE_OIDC_ISSUER");
    expect(readConfig({})).toMatchObject({ SHELFLIFE_OIDC_SCOPES: ["openid", "email", "profile"] });
  });
});
