import { emailSchema, ROLES, type Role } from "@shelflife/api-contract";
import { type Command, Option } from "commander";

import { CodedError } from "../coded-error.ts";
import type { Store } from "../store/store.ts";
import type { User } from "../store/users.ts";
import { COMMAND_LINE, withDatabase } from "./command-context.ts";
import { print } from "./print.ts";
import { readPassword } from "./read-password.ts";

interface NewUserOptions {
  readonly email: string;
  readonly role: Role;
  readonly name: string;
  readonly passwordStdin?: boolean;
  readonly json?: boolean;
}

export function addUsersCommand(program: Command): void {
  const users = program.command("users").description("The people who may use this deployment.");

  users
    .command("create")
    .description("Create a person and a first API key, which is shown this once.")
    .requiredOption("--email <address>", "the e-mail address")
    .addOption(new Option("--role <role>", "what the person may do").choices(ROLES).default("member"))
    .option("--name <name>", "the name to show", "")
    .option("--password-stdin", "read a password to sign in with from standard input, as one line")
    .option("--json", "print {id, email, role, key}")
    .action(async (options: NewUserOptions) => {
      const { role, name } = options;
      const email = checkEmail(options.email);
      const passwordHash = options.passwordStdin === true ? await readPasswordHash() : undefined;
      const created = await withDatabase(async ({ store }) => {
        const user = await store.createUser({ email, role, name, passwordHash }, COMMAND_LINE);
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
      const found = await withDatabase(({ store }) => store.listUsers());
      const people = found.map(({ id, email, name, role }) => ({ id, email, name, role }));
      print(people, options, () => people.map((user) => `${user.id}  ${user.role.padEnd(8)} ${user.email}`).join("\n"));
    });

  users
    .command("set-password")
    .description("Give a person a password, or another one, and sign them out everywhere.")
    .requiredOption("--email <address>", "whose password it is")
    .requiredOption("--password-stdin", "read it from standard input, as one line")
    .option("--json", "print {id, email}")
    .action(async (options: { email: string; json?: boolean }) => {
      const passwordHash = await readPasswordHash();
      const changed = await withDatabase(async ({ store }) => {
        const user = await findUser(store, options.email);
        await store.changePassword({ userId: user.id, passwordHash }, COMMAND_LINE);
        return { id: user.id, email: user.email };
      });
      print(changed, options, () => `${changed.email} signs in with this password from now on.`);
    });
}

/** @throws CodedError `not_found` where nobody has this e-mail address, `validation_failed` where it is none */
export async function findUser(store: Store, email: string): Promise<User> {
  const user = await store.findUserByEmail(checkEmail(email));
  if (user === undefined) throw new CodedError("not_found", `There is no person with the e-mail address ${email}.`);
  return user;
}

/** @throws CodedError `validation_failed` where this is no e-mail address */
function checkEmail(text: string): string {
  const parsed = emailSchema.safeParse(text.trim());
  if (!parsed.success) throw new CodedError("validation_failed", `--email: ${text} is not an e-mail address.`);
  return parsed.data;
}

/** What hashes passwords is loaded where there is one, so that no other command has to load it. */
async function readPasswordHash(): Promise<string> {
  const { hashPassword } = await import("../sign-in/password-hash.ts");
  return hashPassword(await readPassword());
}
