import type { AccountOffice } from "../demo/accounts.ts";
import { COMMAND_LINE, type CommandContext } from "./command-context.ts";

/** Lets the demo make its people and keys as an operator does, and audits them as the command line's. */
export function accountOffice(store: CommandContext["store"]): AccountOffice {
  return {
    findPerson: (email) => store.findUserByEmail(email),
    createPerson: (person) => store.createUser(person, COMMAND_LINE),
    async createKey(key) {
      const created = await store.createApiKey(key, COMMAND_LINE);
      return { id: created.apiKey.id, key: created.key };
    },
    revokeKey: (key) => store.revokeApiKey(key, COMMAND_LINE),
  };
}
