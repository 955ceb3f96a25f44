import type { Role } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { CodedError, hasCode } from "../coded-error.ts";
import { writeAudit, type AuditOrigin } from "./audit.ts";
import { newId, type Database } from "./database.ts";

export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
}

export interface UsersStore {
  /** @throws CodedError `conflict` where the address is taken. */
  createUser(user: { email: string; role: Role; name: string }, origin: AuditOrigin): Promise<User>;
  listUsers(): Promise<User[]>;
  findUserByEmail(email: string): Promise<User | undefined>;
}

export function usersStore(database: Database, clock: Clock): UsersStore {
  const columns = ["id", "email", "name", "role"] as const;
  return {
    async createUser({ email, role, name }, origin) {
      try {
        return await database.transaction().execute(async (transaction) => {
          const now = clock.now();
          const user = await transaction
            .insertInto("users")
            .values({ id: newId(), email: email.toLowerCase(), role, name, created_at: now, updated_at: now })
            .returning(columns)
            .executeTakeFirstOrThrow();
          await writeAudit(transaction, origin, {
            time: now,
            resourceType: "user",
            resourceId: user.id,
            resourceTarget: user.email,
            action: "create",
            diff: { role: { old: null, new: role } },
          });
          return user;
        });
      } catch (error) {
        if (hasCode(error, "23505")) {
          throw new CodedError("conflict", `There is a user with the e-mail address ${email.toLowerCase()} already.`);
        }
        throw error;
      }
    },

    listUsers() {
      return database.selectFrom("users").select(columns).orderBy("email").execute();
    },

    findUserByEmail(email) {
      return database.selectFrom("users").select(columns).where("email", "=", email.toLowerCase()).executeTakeFirst();
    },
  };
}
