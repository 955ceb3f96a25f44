import type { Spread } from "./statistics.ts";

/** `no target`: shown for what it tells of the others. */
export type Verdict = "met" | "missed" | "unresolved" | "not measured" | "no target";

/** One line of the table. */
export interface Finding {
  readonly target: string;
  readonly what: string;
  readonly limit: string;
  readonly reference: string;
  readonly ours: string;
  readonly ratio: string;
  readonly verdict: Verdict;
  /** By how much it was missed, and what else there is to know. */
  readonly remarks: readonly string[];
}

/** Judges a figure by its limit, and says by how much it misses it. Nothing is rounded before it is compared. */
export function judge(
  value: number,
  limit: { atMost: number } | { atLeast: number },
): { verdict: Verdict; remark: readonly string[] } {
  if (!Number.isFinite(value)) return { verdict: "unresolved", remark: ["the figure could not be computed"] };
  const [bound, excess] =
    "atMost" in limit ? [limit.atMost, value / limit.atMost - 1] : [limit.atLeast, 1 - value / limit.atLeast];
  if (excess <= 0) return { verdict: "met", remark: [] };
  return {
    verdict: "missed",
    remark: [`missed by ${formatNumber(100 * excess)} % of the limit ${formatNumber(bound)}`],
  };
}

/** A measure that could not be made. */
export function notMeasured(target: string, what: string, reason: string): Finding {
  return { target, what, limit: "", reference: "", ours: "", ratio: "", verdict: "not measured", remarks: [reason] };
}

export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "?";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

/** `median (min to max)`, or the figure alone where it was measured once. */
export function formatSpread({ median, min, max, count }: Spread, unit = ""): string {
  const figure = `${formatNumber(median)}${unit}`;
  return count === 1 ? figure : `${figure} (${formatNumber(min)} to ${formatNumber(max)})`;
}

export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) >= 1e9) return `${formatNumber(bytes / 1e9)} GB`;
  if (Math.abs(bytes) >= 1e6) return `${formatNumber(bytes / 1e6)} MB`;
  return `${formatNumber(bytes / 1e3)} KB`;
}

const HEADINGS = ["", "what", "target", "reference", "ours", "ratio", "verdict"];

/** The findings as a Markdown table, and their remarks as lists below it. */
export function renderMarkdown(findings: readonly Finding[]): string {
  const rows = findings.map(({ target, what, limit, reference, ours, ratio, verdict }) => [
    target,
    what,
    limit,
    reference,
    ours,
    ratio,
    `**${verdict}**`,
  ]);
  const remarks = findings
    .filter(({ remarks: said }) => said.length > 0)
    .map(({ target, what, remarks: said }) =>
      [`**${target}**, ${what}:`, "", ...said.map((remark) => `- ${remark}`)].join("\n"),
    );
  return [renderTable([HEADINGS, ...rows]), ...remarks].join("\n\n");
}

/** A Markdown table; the first row is its heading. Columns are padded to their widest cell, as the formatter has it. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const render = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [heading = [], ...body] = rows;
  return [render(heading), render(widths.map((width) => "-".repeat(width))), ...body.map(render)].join("\n");
}

/** The findings for a terminal: a block for each, since the table is wider than one. */
export function renderText(findings: readonly Finding[]): string {
  return findings
    .map(({ target, what, limit, reference, ours, ratio, verdict, remarks }) => {
      const fields = Object.entries({ target: limit, reference, ours, ratio }).filter(([, text]) => text !== "");
      return [
        `${target}  ${verdict.toUpperCase()}  ${what}`,
        ...fields.map(([name, text]) => `    ${name.padEnd(10)}${text}`),
        ...remarks.map((remark) => `    - ${remark}`),
      ].join("\n");
    })
    .join("\n");
}
