import { KEY_SCOPES, type KeyScope } from "@shelflife/api-contract";
import { type Command, Option } from "commander";
import { validate as isUuid } from "uuid";

import { CodedError } from "../coded-error.ts";
import { COMMAND_LINE, withDatabase } from "./command-context.ts";
import { print } from "./print.ts";
import { findUser } from "./users.ts";

export function addKeysCommand(program: Command): void {
  const keys = program.command("keys").description("API keys. A key is shown once, when it is made.");

  keys
    .command("create")
    .description("Make a key for a person.")
    .requiredOption("--email <address>", "whose key it is")
    .addOption(new Option("--scope <scope>", "full, or ingest: may only record").choices(KEY_SCOPES).default("full"))
    .option("--name <name>", "what the key is for", "")
    .option("--json", "print {id, email, scope, key}")
    .action(async (options: { email: string; scope: KeyScope; name: string; json?: boolean }) => {
      const created = await withDatabase(async ({ store }) => {
        const user = await findUser(store, options.email);
        const { key, apiKey } = await store.createApiKey(
          { userId: user.id, name: options.name, scope: options.scope },
          COMMAND_LINE,
        );
        return { id: apiKey.id, email: user.email, scope: apiKey.scope, key };
      });
      print(created, options, () => `${created.scope} key ${created.id}, shown this once: ${created.key}`);
    });

  keys
    .command("list")
    .description("List a person's keys, revoked ones included.")
    .requiredOption("--email <address>", "whose keys")
    .option("--json", "print an array of {id, name, scope, start, created_at, last_used_at, revoked_at}")
    .action(async (options: { email: string; json?: boolean }) => {
      const found = await withDatabase(async ({ store }) =>
        store.listApiKeys((await findUser(store, options.email)).id),
      );
      const rows = found.map((key) => ({
        id: key.id,
        name: key.name,
        scope: key.scope,
        start: key.start,
        created_at: key.createdAt.toISOString(),
        last_used_at: key.lastUsedAt?.toISOString() ?? null,
        revoked_at: key.revokedAt?.toISOString() ?? null,
      }));
      print(rows, options, () =>
        rows
          .map(
            (key) =>
              `${key.id}  ${key.scope.padEnd(6)} ${key.start}...  ${key.revoked_at === null ? "in force" : "revoked"}  ${key.name}`,
          )
          .join("\n"),
      );
    });

  keys
    .command("revoke")
    .description("Revoke a key at once. Exit status 1 where the person has no such key in force.")
    .argument("<id>", "the key's id, as keys list shows it")
    .requiredOption("--email <address>", "whose key it is")
    .option("--json", "print {id, revoked}")
    .action(async (id: string, options: { email: string; json?: boolean }) => {
      if (!isUuid(id)) throw new CodedError("validation_failed", `${id} is not the id of a key.`);
      const revoked = await withDatabase(async ({ store }) =>
        store.revokeApiKey({ userId: (await findUser(store, options.email)).id, keyId: id }, COMMAND_LINE),
      );
      if (!revoked) throw new CodedError("not_found", `${options.email} has no key ${id} in force.`);
      print({ id, revoked }, options, () => `Key ${id} is revoked.`);
    });
}
