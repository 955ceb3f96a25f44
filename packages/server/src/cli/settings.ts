import {
  isRetentionDays,
  rangeMessage,
  RETENTION_SETTING_NAMES,
  RETENTION_SETTINGS,
  type RetentionSetting,
} from "@shelflife/api-contract";
import { Argument, type Command } from "commander";

import { CodedError } from "../coded-error.ts";
import { COMMAND_LINE, withDatabase } from "./command-context.ts";
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

function parseDays(setting: RetentionSetting, text: string): number {
  const days = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!isRetentionDays(days)) throw new CodedError("validation_failed", rangeMessage(setting));
  return days;
}
