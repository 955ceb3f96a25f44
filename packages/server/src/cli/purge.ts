import type { Command } from "commander";

import { systemClock } from "../clock.ts";
import { createRegistry } from "../metrics/registry.ts";
import { purgeDependencies } from "../purge-service.ts";
import { RETENTION_POLICIES } from "../retention/policies/policy-list.ts";
import { previewPurge } from "../retention/purge-preview.ts";
import { runPurgeTick, type TickReport } from "../retention/purge-tick.ts";
import type { PolicyReport } from "../retention/run-policy.ts";
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
  const { report, enabled } = await withDatabase(async ({ config, log, access, signal }) => {
    const dependencies = purgeDependencies(config, {
      access,
      clock: systemClock,
      log,
      registry: createRegistry(),
      // A command sees no requests; the duty cycle alone spares those that the server answers.
      isForegroundSlow: () => false,
    });
    const run = options.dryRun === true ? previewPurge : runPurgeTick;
    return { report: await run(dependencies, signal), enabled: config.SHELFLIFE_PURGE };
  });
  print(toJson(report), options, () => describeReport(report, { ...options, enabled }));
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

function describeReport(report: TickReport, { dryRun, enabled }: PurgeOptions & { enabled: boolean }): string {
  if (report.outcome === "skipped") {
    return `purge: skipped, since ${enabled ? "another replica is purging" : "it is switched off (SHELFLIFE_PURGE=off)"}`;
  }
  const lines = report.policies.map((policy) => `${policy.policy}: ${describePolicy(policy, dryRun === true)}`);
  const failure = report.error === undefined ? [] : [`${report.error.code}: ${report.error.message}`];
  return [`${dryRun === true ? "dry run" : "purge"}: ${report.outcome}`, ...failure, ...lines].join("\n");
}

function describePolicy(report: PolicyReport, dryRun: boolean): string {
  const isArchiving = RETENTION_POLICIES.some(({ name, action }) => name === report.policy && action === "archive");
  const { expired, deleted, left, recordType, cutoff, windowDays, error } = report;
  const failed = error === undefined ? "" : ` FAILED ${error.code}: ${error.message}`;
  const count = dryRun
    ? `would ${isArchiving ? "archive" : "delete"} ${expired} ${recordType}`
    : `${isArchiving ? "archived" : "deleted"} ${deleted}, left ${left} ${recordType}`;
  if (cutoff !== null) return `${count}, cutoff ${cutoff.toISOString()}${failed}`;
  if (windowDays !== 0) return `not purged${failed}`;
  const none = isArchiving ? "off" : "kept for ever";
  // What is gone already may still have to be cleared away.
  return `${none}${expired + deleted > 0 ? `; ${count}` : ""}${failed}`;
}
