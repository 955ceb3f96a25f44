import { LEDGER_OUTCOMES, ledgerPageSchema, pageLimitSchema, type LedgerPage } from "@shelflife/api-contract";
import { accepts } from "hono/accepts";
import { z } from "zod";

import { LEDGER_COLUMNS, renderLedgerRow } from "../../retention/render-ledger.ts";
import type { LedgerQuery } from "../../store/ledger-page.ts";
import { csvLine } from "../csv-line.ts";
import type { RequestContext } from "../environment.ts";
import { beforeSchema, filterSchema, PAGE_PARAMETERS, writeCursor } from "../page-query.ts";
import type { Route } from "../route.ts";
import { validateQuery } from "../validate.ts";

const querySchema = z.object({
  policy: filterSchema,
  outcome: z.enum(LEDGER_OUTCOMES, { error: `must be one of ${LEDGER_OUTCOMES.join(", ")}` }).optional(),
  limit: pageLimitSchema,
  before: beforeSchema,
  format: z.enum(["json", "csv"], { error: "must be json or csv" }).optional(),
});

/** So many rows are read at a time, and a document of CSV ends after so many: more than the ledger keeps in a year. */
const CSV_PAGE = 500;
const CSV_ROWS_MAX = 500_000;

/** The proof of what was purged. */
export function retentionLedgerRoute(prefix: string): Route {
  return {
    method: "get",
    path: `${prefix}/retention/ledger`,
    summary: "What every policy did in every tick, newest first. As CSV, everything at once and not a page.",
    permission: "purge:read",
    query: {
      policy: { description: "Only this policy.", schema: z.string() },
      outcome: { description: "Only this outcome.", schema: z.enum(LEDGER_OUTCOMES) },
      ...PAGE_PARAMETERS,
      format: {
        description: "`csv` answers a document for a spreadsheet, as the header `Accept: text/csv` does.",
        schema: z.enum(["json", "csv"]),
      },
    },
    answers: { 200: { description: "A page, newest first.", schema: ledgerPageSchema } },
    async handle(context) {
      const { format, ...query } = validateQuery(querySchema, context.req.query());
      if ((format ?? acceptedFormat(context)) === "csv") return answerCsv(context, query);
      const { rows, next } = await context.get("store").listLedger(query);
      const page: LedgerPage = { entries: rows.map(renderLedgerRow), next_before: writeCursor(next) };
      return context.json(page);
    },
  };
}

function acceptedFormat(context: RequestContext): "json" | "csv" {
  const type = accepts(context, {
    header: "Accept",
    supports: ["application/json", "text/csv"],
    default: "application/json",
  });
  return type === "text/csv" ? "csv" : "json";
}

/**
 * Writes the ledger page by page as it is taken, so that a long one needs no memory. The first is read before the answer
 * begins, and may yet fail; what fails later breaks the connection, so that nobody takes a part for the whole.
 */
async function answerCsv(context: RequestContext, query: Omit<LedgerQuery, "limit">): Promise<Response> {
  const store = context.get("store");
  let page = await store.listLedger({ ...query, limit: CSV_PAGE });
  let written = 0;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(csvLine(LEDGER_COLUMNS)));
    },
    async pull(controller) {
      const entries = page.rows.map(renderLedgerRow);
      controller.enqueue(
        encoder.encode(entries.map((entry) => csvLine(LEDGER_COLUMNS.map((name) => entry[name]))).join("")),
      );
      written += entries.length;
      if (page.next === null || written >= CSV_ROWS_MAX) return controller.close();
      page = await store.listLedger({ ...query, limit: CSV_PAGE, before: page.next });
    },
  });
  return context.body(body, 200, {
    "Content-Type": "text/csv; charset=utf-8",
    "Content-Disposition": 'attachment; filename="shelflife-purge-ledger.csv"',
  });
}
