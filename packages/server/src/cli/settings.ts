import {
  isRetentionDays,
  rangeMessage,
  RETENTION_SETTING_NAMES,
  RETENTION_SETTINGS,
  type BoundedCount,
  type PolicyPreview,
  type RetentionSetting,
  type RetentionSettingName,
} from "@shelflife/api-contract";
import { Argument, type Command } from "commander";

import { systemClock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import { RETENTION_POLICIES } from "../retention/policies/policy-list.ts";
import { previewWindow, type PreviewDependencies } from "../retention/preview-window.ts";
import { describeOutlook, readWindowOutlooks } from "../retention/window-outlook.ts";
import { COMMAND_LINE, withDatabase, type CommandContext } from "./command-context.ts";
import { print } from "./print.ts";

interface Output {
  readonly json?: boolean;
}

export function addSettingsCommand(program: Command): void {
  const settings = program
    .command("settings")
    .description("Read and change the retention windows, with or without a running server.");
  const name = (): Argument => new Argument("<setting>", "which window").choices(RETENTION_SETTING_NAMES);

  settings
    .command("get")
    .description(
      "Print the window in force, in days; 0 keeps for ever. Exit status 1 where the stored value cannot be read.",
    )
    .addArgument(name())
    .option("--json", "print name, days and where the value comes from")
    .action(async (setting: keyof typeof RETENTION_SETTINGS, output: Output) => {
      const window = await withDatabase(({ store }) => store.readRetentionWindow(RETENTION_SETTINGS[setting]));
      print({ name: setting, ...window }, output, () => String(window.days));
    });

  settings
    .command("list")
    .description(
      "Print every window, where it comes from, a grace period that it waits for, and what the first purge by it will take. Exit status 1 where a stored value cannot be read.",
    )
    .option("--json", "print an array of {name, days, source, effective_days, due_at, first_purge}")
    .action(listSettings);

  settings
    .command("preview")
    .description(
      "Say what a purge by another window would delete or archive now, by its own predicate. Deletes nothing.",
    )
    .addArgument(name())
    .argument("<days>", "the window to look at, 0 to 3650 days")
    .option("--json", "print what GET .../config/<setting>/preview answers")
    .action(previewSetting);

  settings
    .command("waive-grace")
    .description(
      "Let a window that waits for its grace period (SHELFLIFE_PURGE_GRACE) apply at the next purge; audited. Exit status 1 where none waits.",
    )
    .addArgument(name())
    .option("--json", "print name and days")
    .action(waiveGrace);

  settings
    .command("set")
    .description("Set a window. It takes effect at the next batch of a purge and is audited.")
    .addArgument(name())
    .argument("<days>", "days to keep, 0 to 3650; 0 keeps for ever")
    .option("--json", "print name, days and whether anything changed")
    .action(async (setting: keyof typeof RETENTION_SETTINGS, text: string, output: Output) => {
      const days = parseDays(RETENTION_SETTINGS[setting], text);
      const { changed } = await withDatabase(({ store }) =>
        store.changeRetentionWindow(RETENTION_SETTINGS[setting], days, COMMAND_LINE),
      );
      print({ name: setting, days, changed }, output, () =>
        changed ? `${setting} is now ${days}.` : `${setting} was ${days} already.`,
      );
    });
}

/** What a look at a window is asked with. */
function outlookOf({ config, log, store }: CommandContext): PreviewDependencies {
  const purge = { policies: RETENTION_POLICIES, graceMs: config.SHELFLIFE_PURGE_GRACE };
  return { store, clock: systemClock, log, purge };
}

async function listSettings(output: Output): Promise<void> {
  const { outlooks, enabled } = await withDatabase(async (context) => ({
    outlooks: await readWindowOutlooks(outlookOf(context), context.signal),
    enabled: context.config.SHELFLIFE_PURGE,
  }));
  const rows = outlooks.map(({ setting, window, dueAt, taking }) => ({
    name: setting.name,
    days: window?.set.days ?? null,
    source: window?.set.source ?? "unreadable",
    effective_days: window?.effectiveDays ?? null,
    due_at: dueAt?.toISOString() ?? null,
    first_purge: taking,
  }));
  print(rows, output, () => outlooks.map((outlook) => describeOutlook(outlook, { enabled }).join("\n  ")).join("\n"));
  if (rows.some(({ days }) => days === null)) process.exitCode = 1;
}

async function previewSetting(name: RetentionSettingName, text: string, output: Output): Promise<void> {
  const setting = RETENTION_SETTINGS[name];
  const days = parseDays(setting, text);
  const preview = await withDatabase((context) =>
    previewWindow(outlookOf(context), setting, { days, signal: context.signal }),
  );
  print(preview, output, () => preview.policies.map(describePreview).join("\n"));
}

function describePreview({ policy, action, record_type, proposed, current, difference }: PolicyPreview): string {
  const count = ({ records }: { records: BoundedCount }): string =>
    records.at_least ? `at least ${records.count}` : String(records.count);
  const now = current === null ? "the window in force cannot be read" : `${count(current)} by the window in force`;
  const bytes = difference?.bytes ?? proposed.bytes;
  const size = bytes === null ? "" : `, about ${bytes} bytes`;
  return `${policy}: would ${action} ${count(proposed)} ${record_type} (${now}${size})`;
}

async function waiveGrace(name: RetentionSettingName, output: Output): Promise<void> {
  const setting = RETENTION_SETTINGS[name];
  const days = await withDatabase(async ({ config, store }) => {
    const { set, waitingSince } = await store.readPurgeWindow(setting, config.SHELFLIFE_PURGE_GRACE);
    if (waitingSince === null || !(await store.waiveGrace(setting, COMMAND_LINE))) {
      throw new CodedError("conflict", `${name} does not wait for a grace period.`);
    }
    return set.days;
  });
  print({ name, days }, output, () => `${name}: the next purge goes by ${days} days.`);
}

function parseDays(setting: RetentionSetting, text: string): number {
  const days = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!isRetentionDays(days)) throw new CodedError("validation_failed", rangeMessage(setting));
  return days;
}
