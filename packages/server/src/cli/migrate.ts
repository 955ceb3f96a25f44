import type { Command } from "commander";

import { withDatabase } from "./command-context.ts";

export function addMigrateCommand(program: Command): void {
  program
    .command("migrate")
    .description("Bring the database to this version's schema. Every other command does this first, too.")
    .action(async () => {
      // Opening the database migrates it; several processes may do so at once.
      await withDatabase(async ({ access }) => {
        process.stdout.write(`The schema is up to date: ${access.description}\n`);
      });
    });
}
