import type { Command } from "commander";

import { systemClock } from "../clock.ts";
import { createRegistry } from "../metrics/registry.ts";
import { purgeDependencies } from "../purge-service.ts";
import { previewPurge } from "../retention/purge-preview.ts";
import { runPurgeTick, type TickReport } from "../retention/purge-tick.ts";
import { withDatabase } from "./command-context.ts";
import { print } from "./print.ts";
import { addPurgeStatusCommand } from "./purge-status.ts";

interface PurgeOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addPurgeCommand(program: Command): void {
  const command = program
    .command("purge")
    .description(
      "Run one iteration of the purge. Exit status 0: done, or skipped because another replica purges or the purge is switched off; 1: something failed.",
    )
    .option("--dry-run", "say what would be deleted, and delete nothing")
    .option("--json", "print the report as JSON")
    .action(purge);
  addPurgeStatusCommand(command);
}

async function purge(options: PurgeOptions): Promise<void> {
  const report = await withDatabase(async ({ config, log, access, signal }) => {
    const dependencies = purgeDependencies(config, {
      access,
      clock: systemClock,
      log,
      registry: createRegistry(),
      // A command sees no requests; the duty cycle alone spares those that the server answers.
      isForegroundSlow: () => false,
    });
    return options.dryRun === true ? previewPurge(dependencies, signal) : runPurgeTick(dependencies, signal);
  });
  print(toJson(report), options, () => describeReport(report, options));
  if (report.outcome === "failure") process.exitCode = 1;
}

function toJson(report: TickReport): object {
  return {
    outcome: report.outcome,
    ...(report.error === undefined ? {} : { error: report.error }),
    policies: report.policies.map((policy) => ({
      name: policy.policy,
      record_type: policy.recordType,
      cutoff: policy.cutoff?.toISOString() ?? null,
      expired: policy.expired,
      deleted: policy.deleted,
      left: policy.left,
      batches: policy.batches,
      duration_ms: Math.round(policy.durationMs),
      ...(policy.error === undefined ? {} : { error: policy.error }),
    })),
  };
}

function describeReport(report: TickReport, { dryRun }: PurgeOptions): string {
  const lines = report.policies.map((policy) => {
    const failed = policy.error === undefined ? "" : ` FAILED ${policy.error.code}: ${policy.error.message}`;
    if (policy.cutoff === null)
      return `${policy.policy}: ${policy.windowDays === 0 ? "kept for ever" : "not purged"}${failed}`;
    const what = dryRun === true ? `would delete ${policy.expired}` : `deleted ${policy.deleted}, left ${policy.left}`;
    return `${policy.policy}: ${what} ${policy.recordType}, cutoff ${policy.cutoff.toISOString()}${failed}`;
  });
  const failure = report.error === undefined ? [] : [`${report.error.code}: ${report.error.message}`];
  return [`${dryRun === true ? "dry run" : "purge"}: ${report.outcome}`, ...failure, ...lines].join("\n");
}
