import { z } from "zod";

import { CodedError } from "./coded-error.ts";
import { mailbox, SMTP_TOGETHER, smtpUrl, webhookSecret, WEBHOOK_TOGETHER, webhookUrl } from "./digest-settings.ts";
import {
  addresses,
  anyText,
  emailDomains,
  issuer,
  OIDC_TOGETHER,
  publicUrl,
  scopes,
  secret,
} from "./sign-in-settings.ts";
import { PARTITION_LENGTHS } from "./store/partition-ranges.ts";

/** One environment variable: what it accepts, what holds without it, and what the documentation says of it. */
interface Variable<T> {
  readonly schema: z.ZodType<T, string>;
  readonly fallback: string | undefined;
  readonly description: string;
}

const address = z.string().transform((text, context) => {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || !(port <= 65_535)) {
    context.addIssue({ code: "custom", message: "must be host:port, for example 127.0.0.1:7080" });
    return z.NEVER;
  }
  return { host: match[1].replace(/^\[|\]$/g, ""), port };
});

const databaseUrl = z.string().refine((text) => /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? ""), {
  error: "must be a URL such as postgres://user:password@host:5432/database",
});

const onOff = z.enum(["on", "off"], { error: "must be on or off" }).transform((text) => text === "on");
const trueFalse = z.enum(["true", "false"], { error: "must be true or false" }).transform((text) => text === "true");

function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,9}$/, { error: `must be a whole number from ${min} to ${max}`, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error: `must be a whole number from ${min} to ${max}` });
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time with its unit, in milliseconds. */
const duration = z
  .string()
  .regex(/^\d{1,6}[smhd]$/, { error: "must be a whole number and a unit: 0s, 90m, 24h or 7d", abort: true })
  .transform((text) => Number.parseInt(text, 10) * UNIT_MS[text.slice(-1) as keyof typeof UNIT_MS]);

function variable<T>(schema: z.ZodType<T, string>, fallback: string, description: string): Variable<T> {
  return { schema, fallback, description };
}

function optional<T>(schema: z.ZodType<T, string>, description: string): Variable<T | undefined> {
  return { schema, fallback: undefined, description };
}

/** Everything that the environment decides. `docs/configuration.md` is generated from this list. */
export const VARIABLES = {
  SHELFLIFE_HTTP_ADDRESS: variable(address, "127.0.0.1:7080", "Where the server listens, as host:port."),
  SHELFLIFE_DATABASE_URL: optional(
    databaseUrl,
    "An existing PostgreSQL, version 15 or later. Left out, an embedded PostgreSQL runs under the data directory.",
  ),
  SHELFLIFE_DATABASE_DIRECT_URL: optional(
    databaseUrl,
    "The same database without a pooler in between, for migrations and partition changes. Left out, the database URL serves.",
  ),
  SHELFLIFE_PUBLIC_URL: optional(
    publicUrl,
    "Where browsers reach the server, where a proxy stands before it: https://shelflife.example.com. With https, cookies are sent over https alone.",
  ),
  SHELFLIFE_TRUSTED_PROXIES: optional(
    addresses,
    "Addresses or ranges of the proxies before the server, with commas between them, whose `X-Forwarded-For` is believed.",
  ),
  SHELFLIFE_SECRET: optional(
    secret,
    "What session cookies are signed with, at least 32 characters, the same on every replica. Left out, one is made once and kept in the database. Another one signs everybody out.",
  ),
  SHELFLIFE_OIDC_ISSUER: optional(
    issuer,
    "The issuer of the OpenID Connect provider that people sign in with. Left out, there is none.",
  ),
  SHELFLIFE_OIDC_CLIENT_ID: optional(anyText, "What the provider knows this deployment by."),
  SHELFLIFE_OIDC_CLIENT_SECRET: optional(anyText, "The client's secret at the provider."),
  SHELFLIFE_OIDC_NAME: variable(anyText, "OpenID Connect", "What the provider is called on the page for signing in."),
  SHELFLIFE_OIDC_SCOPES: variable(scopes, "openid email profile", "What the provider is asked for, `openid` among it."),
  SHELFLIFE_OIDC_EMAIL_DOMAINS: optional(
    emailDomains,
    "Domains of the e-mail addresses that may sign in by the provider, with commas between them. Left out, any may.",
  ),
  SHELFLIFE_OIDC_SIGN_UPS: variable(
    trueFalse,
    "true",
    "Whether somebody who signs in by the provider for the first time becomes a member; `false` refuses whoever has no account.",
  ),
  SHELFLIFE_DATA_DIR: variable(z.string().min(1), ".shelflife", "Where the embedded PostgreSQL keeps its data."),
  SHELFLIFE_LOG_LEVEL: variable(
    z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], {
      error: "must be one of fatal, error, warn, info, debug, trace, silent",
    }),
    "info",
    "The least severe log records that are written.",
  ),
  SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: variable(
    trueFalse,
    "false",
    "`true` turns the recording of debug data on for every chat. Without it nothing is recorded.",
  ),
  SHELFLIFE_PURGE: variable(onOff, "on", "`off` is the kill switch: nothing is deleted and no purge lock is taken."),
  SHELFLIFE_PURGE_GRACE: variable(
    duration,
    "0s",
    "How long a retention window that was shortened, or is applied for the first time, waits before the purge goes by it: a whole number with the unit `s`, `m`, `h` or `d`. Meanwhile the window before it holds. With `0s` the first purge comes before anybody can ask the API what it will delete.",
  ),
  SHELFLIFE_PAYLOAD_PARTITION: variable(
    z.enum(PARTITION_LENGTHS, { error: `must be one of ${PARTITION_LENGTHS.join(", ")}` }),
    "day",
    "How much time one partition of debug payloads covers: `hour`, `day` or `week`. Disk comes back a partition at a time. A change applies to partitions made from then on.",
  ),
  SHELFLIFE_PURGE_BATCH_SIZE: variable(
    wholeNumber(1, 1000),
    "200",
    "How many records one purge transaction deletes at the most, 1 to 1000.",
  ),
  SHELFLIFE_PURGE_BATCH_MS: variable(
    wholeNumber(1, 10_000),
    "10",
    "How long one purge transaction should take, in milliseconds. Batches become smaller than their maximum where they take longer.",
  ),
  SHELFLIFE_PURGE_SLOW_REQUEST_MS: variable(
    wholeNumber(1, 60_000),
    "250",
    "While the requests of this server take longer than this on average, in milliseconds, a draining purge pauses four times as long.",
  ),
  SHELFLIFE_PURGE_DUTY_PERCENT: variable(
    wholeNumber(1, 100),
    "12",
    "The share of the time that a draining purge works; the rest it pauses, so that the foreground does not feel it. 100 never pauses.",
  ),
  SHELFLIFE_PURGE_BUDGET_SECONDS: variable(
    wholeNumber(1, 86_400),
    "300",
    "How long one retention policy may drain its backlog in one tick, in seconds. A tick that its budget ended is followed by the next at once.",
  ),
  SHELFLIFE_DIGEST_WEBHOOK_URL: optional(
    webhookUrl,
    "Where digests of auto-archived chats are posted as signed JSON. Left out, they are posted nowhere.",
  ),
  SHELFLIFE_DIGEST_WEBHOOK_SECRET: optional(
    webhookSecret,
    "What they are signed with, at least 16 characters: `whsec_` and base64, or any other text.",
  ),
  SHELFLIFE_SMTP_URL: optional(
    smtpUrl,
    "The server by which digests are mailed to the owners of the chats: `smtp://` or `smtps://`, with user and password. Left out, nothing is mailed.",
  ),
  SHELFLIFE_SMTP_FROM: optional(mailbox, "The sender of those mails: an address, with or without a name."),
} satisfies Record<string, Variable<unknown>>;

type VariableName = keyof typeof VARIABLES;

/** The configuration of a process, checked. */
export type Config = {
  readonly [Name in VariableName]: (typeof VARIABLES)[Name] extends Variable<infer T> ? T : never;
};

/**
 * Reads the configuration from an environment.
 *
 * @throws CodedError `config_invalid` that names every variable that is wrong, and never a value: a value may hold a password.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { schema, fallback }] of Object.entries<Variable<unknown>>(VARIABLES)) {
    // An empty variable means what an absent one does: shells and compose files cannot always unset one.
    const text = environment[name] === undefined || environment[name] === "" ? fallback : environment[name];
    if (text === undefined) continue;
    const parsed = schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(...parsed.error.issues.map((issue) => `${name} ${issue.message}`));
  }
  const wrong = new Set(problems.map((problem) => problem.split(" ", 1)[0] ?? ""));
  for (const group of TOGETHER) problems.push(...missingOf(group, values, wrong));
  if (problems.length > 0) throw new CodedError("config_invalid", `Invalid configuration: ${problems.join("; ")}.`);
  return values as Config;
}

/** Variables that need each other. */
const TOGETHER: readonly (readonly VariableName[])[] = [OIDC_TOGETHER, WEBHOOK_TOGETHER, SMTP_TOGETHER];

/** What is wrong with variables that need each other; each sentence names the one that is missing. */
function missingOf(
  group: readonly VariableName[],
  values: Readonly<Record<string, unknown>>,
  wrong: ReadonlySet<string>,
): string[] {
  const missing = group.filter((name) => values[name] === undefined && !wrong.has(name));
  if (missing.length === group.length) return [];
  return missing.map((name) => `${name} must be set where others of ${group.join(", ")} are`);
}

/** What an application's recorder reads; it may well stand in the environment of a server beside it. */
const VARIABLES_OF_RECORDERS = ["SHELFLIFE_URL", "SHELFLIFE_API_KEY"];

/** Variables that look like ours and are not: a misspelt kill switch must not go unnoticed. */
export function unknownVariables(environment: Record<string, string | undefined>): string[] {
  const known = [...Object.keys(VARIABLES), ...VARIABLES_OF_RECORDERS];
  return Object.keys(environment).filter((name) => name.startsWith("SHELFLIFE_") && !known.includes(name));
}
