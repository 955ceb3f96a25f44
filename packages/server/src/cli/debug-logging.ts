import { DEBUG_LOGGING_CHOICES, type DebugLoggingChoice } from "@shelflife/api-contract";
import { Argument, type Command } from "commander";

import { DEBUG_LOGGING_POLICIES, type DebugLoggingPolicy } from "../store/debug-logging.ts";
import { COMMAND_LINE, withDatabase } from "./command-context.ts";
import { print } from "./print.ts";

interface Output {
  readonly json?: boolean;
}

/** What each choice means, in words. */
const MEANINGS: Record<DebugLoggingChoice, string> = {
  everyone: "Everybody's chats are recorded, but for those of whoever switches it off.",
  opt_in: "The chats of whoever switches it on are recorded.",
  nobody: "Nobody's chats are recorded.",
};

export function addDebugLoggingCommand(program: Command): void {
  const debugLogging = program
    .command("debug-logging")
    .description("Whose chats have their debug data recorded, with or without a running server.");

  debugLogging
    .command("get")
    .description("Print whose chats are recorded. Exit status 1 where a stored value cannot be read.")
    .option("--json", "print {choice, allow_users, user_default, forced_by_deployment}")
    .action(async (output: Output) => {
      const { policy, forced } = await withDatabase(async ({ config, store }) => ({
        policy: await store.readDebugLogging(),
        forced: config.SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED,
      }));
      const choice = choiceOf(policy);
      const row = {
        choice,
        allow_users: policy.allowUsers,
        user_default: policy.userDefault,
        forced_by_deployment: forced,
      };
      const override = "Every chat is recorded: SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true overrides what is set.";
      print(row, output, () => (forced ? override : MEANINGS[choice]));
    });

  debugLogging
    .command("set")
    .description("Choose whose chats are recorded. It counts for what starts from then on, and is audited.")
    .addArgument(new Argument("<whose>", "whose chats").choices(DEBUG_LOGGING_CHOICES))
    .option("--json", "print {choice, changed}")
    .action(async (choice: DebugLoggingChoice, output: Output) => {
      const { changed } = await withDatabase(({ store }) =>
        store.changeDebugLogging(DEBUG_LOGGING_POLICIES[choice], COMMAND_LINE),
      );
      print({ choice, changed }, output, () => MEANINGS[choice]);
    });
}

function choiceOf({ allowUsers, userDefault }: DebugLoggingPolicy): DebugLoggingChoice {
  if (!allowUsers) return "nobody";
  return userDefault ? "everyone" : "opt_in";
}
