import type { Random } from "./random.ts";

/** What stays the same throughout a chat, so that its messages speak of the same things. */
export type Facts = Readonly<Record<FactName, string>>;

const VOCABULARY = {
  service: [
    "checkout",
    "billing-api",
    "search",
    "notifications",
    "inventory",
    "auth-gateway",
    "reports",
    "webhooks",
    "catalog",
    "ledger",
  ],
  table: [
    "orders",
    "invoices",
    "sessions",
    "line_items",
    "shipments",
    "audit_events",
    "subscriptions",
    "price_history",
  ],
  customer: [
    "Northwind Traders",
    "Halden Logistics",
    "Bluefin Foods",
    "Ostra Energy",
    "Kiln & Co",
    "Mariner Health",
    "Pinetree Schools",
  ],
  file: [
    "src/cart/totals.ts",
    "src/http/retry.ts",
    "lib/pricing/tax.py",
    "internal/queue/worker.go",
    "src/views/InvoiceList.tsx",
    "app/models/refund.rb",
    "src/import/csv-reader.ts",
    "cmd/sync/main.go",
  ],
  function: [
    "applyDiscount",
    "retryWithBackoff",
    "calculateTax",
    "drainQueue",
    "renderTotals",
    "parseRow",
    "syncAccounts",
    "mergeCarts",
  ],
  version: ["v4.12.0", "v4.12.1", "v4.13.0", "v5.0.0-rc.2", "v3.9.7", "v4.11.3"],
  ticket: ["OPS-2381", "PAY-417", "WEB-1093", "DATA-266", "CS-5120", "PLAT-874", "OPS-2402", "PAY-433"],
  region: ["eu-central", "us-east", "ap-south", "eu-west", "sa-east"],
  host: ["web-07", "worker-3", "db-replica-2", "edge-11", "batch-1", "web-12"],
  colleague: ["Priya", "Jonas", "Leila", "Marek", "Aiko", "Diego", "Hannah"],
  day: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
} as const;

type FactName = keyof typeof VOCABULARY;

export function chooseFacts(random: Random): Facts {
  const entries = Object.entries(VOCABULARY).map(([name, values]) => [name, random.pick<string>(values)]);
  return Object.fromEntries(entries) as Facts;
}

/** Slots that get a new value each time. */
const FIGURES: Readonly<Record<string, (random: Random) => string>> = {
  count: (random) => String(random.integer(3, 480)),
  many: (random) => random.integer(1_200, 96_000).toLocaleString("en-US"),
  percent: (random) => `${random.integer(2, 78)} %`,
  ms: (random) => `${random.integer(40, 4_200)} ms`,
  minutes: (random) => `${random.integer(4, 55)} minutes`,
  amount: (random) => `${random.integer(12, 2_400)}.${String(random.integer(0, 99)).padStart(2, "0")} EUR`,
  line: (random) => String(random.integer(14, 390)),
};

/** Puts a chat's facts and new figures into a sentence. */
export function fill(sentence: string, facts: Facts, random: Random): string {
  return sentence.replaceAll(/\{(\w+)\}/g, (slot, name: string) => {
    if (Object.hasOwn(facts, name)) return facts[name as FactName];
    return FIGURES[name]?.(random) ?? slot;
  });
}
