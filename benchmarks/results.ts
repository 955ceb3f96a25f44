import { writeFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";

import { SERVER_SETTINGS } from "./cluster.ts";
import { formatNumber, renderMarkdown, renderTable, type Finding } from "./report.ts";
import type { Size } from "./sizes.ts";

/** What the figures depend on. */
export interface Surroundings {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly postgres: string;
  /** Processes that ran or waited to run in the minute before the start. */
  readonly loadBefore: number;
}

/** To be asked before the benchmark starts to make load of its own. */
export function surroundings(): Omit<Surroundings, "postgres"> {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${platform()} ${arch()}`,
    node: process.version,
    loadBefore: loadavg()[0] ?? Number.NaN,
  };
}

/** Whether others use the machine so much that times cannot be trusted. */
export function isBusy({ loadBefore, cores }: Pick<Surroundings, "loadBefore" | "cores">): boolean {
  return loadBefore > cores / 4;
}

/** Writes `results.md` beside this file. */
export function writeResults(findings: readonly Finding[], size: Size, machine: Surroundings): void {
  writeFileSync(new URL("results.md", import.meta.url), renderResults(findings, size, machine));
}

function renderResults(findings: readonly Finding[], size: Size, machine: Surroundings): string {
  return `# What it costs, measured

Written by \`npm run bench -- --size ${size.name}\` on ${new Date().toISOString().slice(0, 10)}. The reference is the design in the field: payloads as JSONB in the rows of
the steps, one \`DELETE ... WHERE id IN (SELECT ... ORDER BY updated_at LIMIT 1000)\` every ten minutes, steps by cascade. It
is built beside ours in the same server, and given the same runs, ids and JSON.

${renderTable(describeMachine(machine))}

${describeSize(size)} Figures are medians of ${size.repeats} repeats, with the least and the greatest, and a checkpoint comes before each measurement.

${renderMarkdown(findings)}
`;
}

function describeMachine(machine: Surroundings): string[][] {
  const settings = Object.entries(SERVER_SETTINGS).map(([name, value]) => `\`${name}=${value}\``);
  const busy = isBusy(machine) ? ": **the machine was not idle, and times are not to be trusted**" : "";
  return [
    ["Machine", ""],
    ["Processor", `${machine.cpu}, ${machine.cores} cores`],
    ["Memory", `${formatNumber(machine.memoryBytes / 2 ** 30)} GiB`],
    ["System", machine.system],
    ["PostgreSQL", `${machine.postgres}, ${settings.join(", ")}`],
    ["Node", machine.node],
    ["Load average before the start", `${formatNumber(machine.loadBefore)}${busy}`],
  ];
}

function describeSize({ name, payloadRuns, foregroundRuns, lightRuns, lightSteps }: Size): string {
  const [large, small, smallest] = [lightRuns.large, lightRuns.small, lightRuns.smallest].map(formatNumber);
  const sentences = [
    `The size **${name}** has ${formatNumber(payloadRuns)} runs of three steps with about 14 KB of JSON each, 75 % of them expired.`,
    ...(foregroundRuns > 0 ? [`For P1 there are ${formatNumber(foregroundRuns)} more of ours.`] : []),
    `P4, P9, P10 and P11 use runs without payloads, of ${lightSteps} ${lightSteps === 1 ? "step" : "steps"} each: ${large} in the large table, ${small} in the small one of P4, ${smallest} in that of P9.`,
    ...(name === "full" ? [] : ["The full size has 1,000,000, 100,000 and 10,000 there, as the targets say."]),
  ];
  return sentences.join(" ");
}
