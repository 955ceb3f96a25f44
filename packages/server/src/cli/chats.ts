import type { Command } from "commander";
import { z } from "zod";

import { CodedError } from "../coded-error.ts";
import { deleteChat } from "../retention/delete-chat.ts";
import { COMMAND_LINE, withDatabase } from "./command-context.ts";
import { print } from "./print.ts";

export function addChatsCommand(program: Command): void {
  const chats = program
    .command("chats")
    .description("Chats, as an operator of the deployment sees them: without their content.");

  chats
    .command("delete")
    .description(
      "Delete a chat and its children with all that was recorded of them, at once and whatever the windows. Interrupted, it goes on when it is called again. Exit status 1 where there is no such chat.",
    )
    .argument("<id>", "the chat's id")
    .option("--json", "print {id, chats, runs}")
    .action(async (id: string, options: { json?: boolean }) => {
      // Clients bring ids of their own, of whatever version.
      if (!z.guid().safeParse(id).success) throw new CodedError("validation_failed", `${id} is not the id of a chat.`);
      let runs = 0;
      const deleted = await withDatabase(({ store, signal }) =>
        deleteChat(store, id, {
          origin: COMMAND_LINE,
          signal,
          onProgress: (batch) => {
            runs += batch;
            if (process.stderr.isTTY) process.stderr.write(`\rdeleted ${runs} runs`);
          },
        }),
      );
      if (process.stderr.isTTY && runs > 0) process.stderr.write("\n");
      if (deleted === 0) throw new CodedError("not_found", `There is no chat ${id}.`);
      print({ id, chats: deleted, runs }, options, () => `Deleted ${deleted} chats with ${runs} runs.`);
    });
}
