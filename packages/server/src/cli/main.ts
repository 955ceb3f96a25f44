import { Command } from "commander";

import { CodedError, codeOf } from "../coded-error.ts";
import { SHELFLIFE_VERSION } from "../version.ts";
import { addDebugLoggingCommand } from "./debug-logging.ts";
import { addDemoCommand } from "./demo.ts";
import { addDoctorCommand } from "./doctor.ts";
import { addChatsCommand } from "./chats.ts";
import { addKeysCommand } from "./keys.ts";
import { addMigrateCommand } from "./migrate.ts";
import { addPurgeCommand } from "./purge.ts";
import { addRunsCommand } from "./runs.ts";
import { addServeCommand } from "./serve.ts";
import { addSettingsCommand } from "./settings.ts";
import { addUsersCommand } from "./users.ts";

const program = new Command("shelflife")
  .description("Records AI chats and their debug traces, and guarantees that each kind of data is gone on time.")
  .version(SHELFLIFE_VERSION)
  .showHelpAfterError("(add --help for what is allowed)");

for (const add of [
  addServeCommand,
  addMigrateCommand,
  addPurgeCommand,
  addSettingsCommand,
  addDebugLoggingCommand,
  addUsersCommand,
  addKeysCommand,
  addChatsCommand,
  addRunsCommand,
  addDemoCommand,
  addDoctorCommand,
]) {
  add(program);
}

// Whoever reads the output may stop at any time, as `head` does: the work goes on, and that is no failure.
process.stdout.on("error", (error) => {
  if (codeOf(error) !== "EPIPE") fail(`The output could not be written: ${error.message}.`);
});

try {
  await program.parseAsync();
} catch (error) {
  // What an operator can act on is one line. Anything else is a fault of ours, whose stack its finder needs.
  fail(error instanceof CodedError ? error.message : error instanceof Error ? (error.stack ?? "") : String(error));
}

function fail(text: string): void {
  process.stderr.write(`shelflife: ${text}\n`);
  process.exitCode = 1;
}
