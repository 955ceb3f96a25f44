import { fill, type Facts } from "./facts.ts";
import type { Random } from "./random.ts";

/** What a tool is asked. */
type Input = Readonly<Record<string, string>>;

/** What the tools of the demo answer: log lines, code, rows and figures such as an agent really has to read. */
export type ToolResult = (facts: Facts, random: Random, input: Input) => unknown;

export const logLines: ToolResult = (facts, random) => {
  let seconds = random.integer(0, 1_800);
  const lines = Array.from({ length: random.integer(5, 16) }, () => {
    seconds += random.integer(1, 40);
    const milliseconds = String(random.integer(0, 999)).padStart(3, "0");
    const time = `14:${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}.${milliseconds}`;
    return `${time} ${random.pick(["WARN ", "ERROR", "ERROR"])} [${facts.host}] ${fill(random.pick(LOG_MESSAGES), facts, random)}`;
  });
  return lines.join("\n");
};

const LOG_MESSAGES = [
  "upstream {service}: connect ECONNREFUSED after {ms}",
  "request timed out after {ms}; the client had gone already",
  "pool exhausted: {count} waiting, oldest for {ms}",
  "slow query ({ms}): select * from {table} where customer_id = $1",
  "heap limit approaching: {count} MB in use",
  "health check answered 200 in {ms}",
  "circuit breaker for {service} is open; next try in {ms}",
  "TLS handshake with {host}.internal failed: certificate has expired",
  "retrying POST /v2/{table} after 503",
  "worker {line} was killed by the out-of-memory killer",
];

export const deployments: ToolResult = (facts, random) =>
  Array.from({ length: random.integer(3, 6) }, (_, index) => ({
    service: facts.service,
    region: facts.region,
    version: index === 0 ? facts.version : random.pick(["v4.11.2", "v4.11.9", "v3.9.4", "v4.10.0"]),
    days_ago: index * random.integer(1, 5),
    by: random.pick(["Priya", "Jonas", "Leila", "deploy bot"]),
    status: random.pick(["succeeded", "succeeded", "succeeded", "rolled_back"]),
    duration_s: random.integer(40, 600),
  }));

export const metricSeries: ToolResult = (_facts, random, { expression = "" }) => {
  let value = random.integer(40, 900);
  const values = Array.from({ length: random.integer(12, 30) }, () => {
    value = Math.max(1, Math.round(value * (0.85 + random.fraction() * 0.4)));
    return value;
  });
  const unit = expression.includes("bytes") ? "MiB" : expression.includes("quantile") ? "ms" : "1/s";
  return { step: random.pick(["1m", "5m", "30m"]), unit, values };
};

export const orders: ToolResult = (facts, random) =>
  Array.from({ length: random.integer(1, 5) }, () => ({
    order: `A-${random.integer(20_000, 89_999)}`,
    customer: facts.customer,
    amount: fill("{amount}", facts, random),
    payment: random.pick(["captured", "authorised", "refunded", "failed"]),
    items: random.integer(1, 14),
    shipped: random.chance(0.6),
  }));

export const handbookPassages: ToolResult = (facts, random) =>
  random
    .pickSome(HANDBOOK, random.integer(2, 4))
    .map(([title, passage]) => ({ title, passage: fill(passage, facts, random) }));

const HANDBOOK = [
  [
    "Refunds",
    "A refund after thirty days needs the consent of a team lead. State in the ticket why the rule does not fit the case.",
  ],
  [
    "Outages",
    "The credit is five percent of the monthly fee for each started hour, counted per region, and is booked without being asked for.",
  ],
  [
    "Imports",
    "Files are read as UTF-8 with a header line. Other encodings are refused since {version}; before that they were read wrongly.",
  ],
  ["Rounding", "Amounts are rounded half away from zero, per line. The invoice total is the sum of the rounded lines."],
  ["Tone", "Say what happened, what it means for the reader, and what comes next. One apology is enough."],
  [
    "Active accounts",
    "An account is active in a week in which at least one of its people has signed in and changed something.",
  ],
  ["Escalation", "{colleague} is on duty until {day}. After that the calendar says who takes over."],
] as const;

export const newTicket: ToolResult = (facts, random) => ({
  key: facts.ticket,
  status: "open",
  assignee: facts.colleague,
  watchers: random.integer(1, 5),
});

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
