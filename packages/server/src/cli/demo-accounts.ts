import type { AccountOffice } from "../demo/accounts.ts";
import { hashPassword } from "../sign-in/password-hash.ts";
import { COMMAND_LINE, type CommandContext } from "./command-context.ts";

/** Lets the demo make its people and keys as an operator does, and audits them as the command line's. */
export function accountOffice(store: CommandContext["store"]): AccountOffice {
  return {
    isSetUpNeeded: () => store.isSetUpNeeded(),
    findPerson: (email) => store.findUserByEmail(email),
    async createPerson({ password, ...person }) {
      const passwordHash = password === undefined ? undefined : await hashPassword(password);
      return store.createUser({ ...person, passwordHash }, COMMAND_LINE);
    },
    async createKey(key) {
      const created = await store.createApiKey(key, COMMAND_LINE);
      return { id: created.apiKey.id, key: created.key };
    },
    revokeKey: (key) => store.revokeApiKey(key, COMMAND_LINE),
  };
}
