import { emailSchema, ROLES, type Role } from "@shelflife/api-contract";
import { type Command, Option } from "commander";

import { CodedError } from "../coded-error.ts";
import { COMMAND_LINE, withDatabase } from "./command-context.ts";
import { print } from "./print.ts";

export function addUsersCommand(program: Command): void {
  const users = program.command("users").description("The people who may use this deployment.");

  users
    .command("create")
    .description("Create a person and a first API key, which is shown this once.")
    .requiredOption("--email <address>", "the e-mail address")
    .addOption(new Option("--role <role>", "what the person may do").choices(ROLES).default("member"))
    .option("--name <name>", "the name to show", "")
    .option("--json", "print {id, email, role, key}")
    .action(async (options: { email: string; role: Role; name: string; json?: boolean }) => {
      const email = checkEmail(options.email);
      const created = await withDatabase(async ({ store }) => {
        const user = await store.createUser({ email, role: options.role, name: options.name }, COMMAND_LINE);
        const { key } = await store.createApiKey({ userId: user.id, name: "first key", scope: "full" }, COMMAND_LINE);
        return { id: user.id, email: user.email, role: user.role, key };
      });
      print(created, options, () =>
        [`${created.role} ${created.email} (${created.id})`, `API key, shown this once: ${created.key}`].join("\n"),
      );
    });

  users
    .command("list")
    .description("List everybody.")
    .option("--json", "print an array of {id, email, name, role}")
    .action(async (options: { json?: boolean }) => {
      const people = await withDatabase(({ store }) => store.listUsers());
      print(people, options, () => people.map((user) => `${user.id}  ${user.role.padEnd(8)} ${user.email}`).join("\n"));
    });
}

/** @throws CodedError `validation_failed` where this is no e-mail address */
export function checkEmail(text: string): string {
  const parsed = emailSchema.safeParse(text.trim());
  if (!parsed.success) throw new CodedError("validation_failed", `--email: ${text} is not an e-mail address.`);
  return parsed.data;
}
