import { describe, expect, test } from "vitest";

import { readConfig, VARIABLES } from "../src/config.ts";

/** The message of the error that an environment is refused with. */
function refusalOf(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    expect(error).toMatchObject({ code: "config_invalid" });
    return (error as Error).message;
  }
  throw new Error("The environment was accepted.");
}

describe("an environment without any of the variables", () => {
  test("has every default, and no database of its own", () => {
    expect(readConfig({})).toMatchObject({
      SHELFLIFE_HTTP_ADDRESS: { host: "127.0.0.1", port: 7080 },
      SHELFLIFE_DATA_DIR: ".shelflife",
      SHELFLIFE_LOG_LEVEL: "info",
      SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: false,
      SHELFLIFE_PURGE: true,
      SHELFLIFE_PAYLOAD_PARTITION: "day",
    });
    expect(readConfig({})).not.toHaveProperty("SHELFLIFE_DATABASE_URL");
    expect(readConfig({})).not.toHaveProperty("SHELFLIFE_DATABASE_DIRECT_URL");
  });

  test("means the same as one in which all of them are empty", () => {
    const empty = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, ""]));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  test("may have others, which mean nothing", () => {
    expect(readConfig({ PATH: "/bin", SHELFLIFE_OTHER: "x" })).toEqual(readConfig({}));
  });
});

describe.each<[string, Record<string, unknown>, string[]]>([
  [
    "SHELFLIFE_HTTP_ADDRESS",
    {
      "0.0.0.0:80": { host: "0.0.0.0", port: 80 },
      "localhost:0": { host: "localhost", port: 0 },
      " example.com:65535 ": { host: "example.com", port: 65_535 },
      "[::1]:7080": { host: "::1", port: 7080 },
      "[2001:db8::1]:1": { host: "2001:db8::1", port: 1 },
    },
    [
      "7080",
      ":7080",
      "localhost",
      "localhost:",
      "localhost:65536",
      "localhost:-1",
      "::1:7080",
      "[::1]",
      "a b:1:2",
      "http://a:1",
    ],
  ],
  [
    "SHELFLIFE_DATABASE_URL",
    { "postgres://a:b@c:5432/d": "postgres://a:b@c:5432/d", "postgresql:///d": "postgresql:///d" },
    ["c:5432", "mysql://a@b/c", "http://a", "postgres", " "],
  ],
  ["SHELFLIFE_DATABASE_DIRECT_URL", { "postgres://a@b/c": "postgres://a@b/c" }, ["b/c"]],
  ["SHELFLIFE_LOG_LEVEL", { debug: "debug", silent: "silent" }, ["DEBUG", "verbose", "30"]],
  ["SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED", { true: true, false: false }, ["TRUE", "yes", "1", "on"]],
  ["SHELFLIFE_PURGE", { on: true, off: false }, ["ON", "true", "no", "0"]],
  ["SHELFLIFE_PAYLOAD_PARTITION", { hour: "hour", week: "week" }, ["month", "1"]],
  ["SHELFLIFE_PURGE_BATCH_SIZE", { 1: 1, 1000: 1000, "0500": 500 }, ["0", "1001", "-1", "1.5", "1e2", "many", " 5"]],
  ["SHELFLIFE_PURGE_BATCH_MS", { 1: 1, 10000: 10_000 }, ["0", "10001"]],
  ["SHELFLIFE_PURGE_SLOW_REQUEST_MS", { 1: 1, 60000: 60_000 }, ["0", "60001"]],
  ["SHELFLIFE_PURGE_DUTY_PERCENT", { 1: 1, 100: 100 }, ["0", "101", "50%"]],
  ["SHELFLIFE_PURGE_BUDGET_SECONDS", { 1: 1, 86400: 86_400 }, ["0", "86401", "99999999999"]],
])("%s", (name, accepted, refused) => {
  test("is read as it should be at the edges of what is allowed", () => {
    for (const [text, value] of Object.entries(accepted)) {
      expect(readConfig({ [name]: text })).toEqual({ ...readConfig({}), [name]: value });
    }
  });

  test("is refused beyond them, with one sentence that names it", () => {
    for (const text of refused) {
      const message = refusalOf({ [name]: text });
      expect(message).toMatch(new RegExp(`^Invalid configuration: ${name} must be [^;]+\\.$`));
    }
  });
});

test("SHELFLIFE_DATA_DIR is any path", () => {
  expect(readConfig({ SHELFLIFE_DATA_DIR: "/var/lib/shelf life" })).toMatchObject({
    SHELFLIFE_DATA_DIR: "/var/lib/shelf life",
  });
});

test("every variable that is wrong is named at once, and no password with it", () => {
  const message = refusalOf({
    SHELFLIFE_DATABASE_URL: "mysql://me:hunter2@db/x",
    SHELFLIFE_HTTP_ADDRESS: "hunter2",
    SHELFLIFE_PURGE: "hunter2",
    SHELFLIFE_PURGE_BATCH_SIZE: "hunter2",
  });
  expect(message.match(/SHELFLIFE_\w+/g)).toEqual([
    "SHELFLIFE_HTTP_ADDRESS",
    "SHELFLIFE_DATABASE_URL",
    "SHELFLIFE_PURGE",
    "SHELFLIFE_PURGE_BATCH_SIZE",
  ]);
  expect(message).not.toContain("hunter2");
});

test("every variable has a description that says what it does, and a default that it accepts itself", () => {
  for (const [name, { description, fallback }] of Object.entries(VARIABLES)) {
    expect(description).toMatch(/^[`A-Z].+\.$/);
    if (fallback !== undefined) expect(readConfig({ [name]: fallback })).toEqual(readConfig({}));
  }
});
