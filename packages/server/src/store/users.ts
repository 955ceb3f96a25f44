import type { Role } from "@shelflife/api-contract";

import type { Clock } from "../clock.ts";
import { CodedError, hasCode } from "../coded-error.ts";
import { writeAudit, type AuditOrigin } from "./audit.ts";
import { newId, type Database, type OpenTransaction } from "./database.ts";
import { insertPassword } from "./passwords.ts";

export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Date;
}

export interface NewUser {
  readonly email: string;
  readonly role: Role;
  readonly name: string;
  /** Left out, the person has no password. */
  readonly passwordHash?: string | undefined;
  /** Whether somebody who knows has confirmed that the address is the person's. */
  readonly emailVerified?: boolean;
}

export interface UsersStore {
  /** @throws CodedError `conflict` where the address is taken. */
  createUser(user: NewUser, origin: AuditOrigin): Promise<User>;
  listUsers(): Promise<User[]>;
  findUserByEmail(email: string): Promise<User | undefined>;
  readUser(userId: string): Promise<User | undefined>;
  /**
   * Gives a person another role, from their next request on; the role that they have changes nothing and is not audited.
   *
   * @throws CodedError `not_found` where there is no such person, `conflict` where nobody else is an administrator
   */
  changeUserRole(change: { userId: string; role: Role }, origin: AuditOrigin): Promise<void>;
}

const COLUMNS = ["id", "email", "name", "role", "created_at as createdAt"] as const;

export function usersStore(database: Database, clock: Clock): UsersStore {
  return {
    async createUser(user, origin) {
      try {
        return await database
          .transaction()
          .execute((transaction) => insertUser(transaction, user, origin, clock.now()));
      } catch (error) {
        if (hasCode(error, "23505")) {
          throw new CodedError(
            "conflict",
            `There is a user with the e-mail address ${user.email.toLowerCase()} already.`,
          );
        }
        throw error;
      }
    },

    listUsers() {
      return database.selectFrom("users").select(COLUMNS).orderBy("email").execute();
    },

    findUserByEmail(email) {
      return database.selectFrom("users").select(COLUMNS).where("email", "=", email.toLowerCase()).executeTakeFirst();
    },

    readUser(userId) {
      return database.selectFrom("users").select(COLUMNS).where("id", "=", userId).executeTakeFirst();
    },

    async changeUserRole({ userId, role }, origin) {
      await database.transaction().execute(async (transaction) => {
        // Every administrator is locked, in one order: of two who step down at once, the second sees that the first did.
        const owners = await transaction
          .selectFrom("users")
          .select("id")
          .where("role", "=", "owner")
          .orderBy("id")
          .forUpdate()
          .execute();
        const user = await transaction
          .selectFrom("users")
          .select(["email", "role"])
          .where("id", "=", userId)
          .forUpdate()
          .executeTakeFirst();
        if (user === undefined) throw new CodedError("not_found", "There is no such person.");
        if (user.role === role) return;
        if (user.role === "owner" && !owners.some(({ id }) => id !== userId)) {
          throw new CodedError("conflict", "The last administrator must stay one.");
        }
        const now = clock.now();
        await transaction.updateTable("users").set({ role, updated_at: now }).where("id", "=", userId).execute();
        await writeAudit(transaction, origin, {
          time: now,
          resourceType: "user",
          resourceId: userId,
          resourceTarget: user.email,
          action: "write",
          diff: { role: { old: user.role, new: role } },
        });
      });
    },
  };
}

/** Makes a person, with their password where they have one, and audits it. */
export async function insertUser(
  transaction: OpenTransaction,
  { email, role, name, passwordHash, emailVerified = false }: NewUser,
  origin: AuditOrigin,
  now: Date,
): Promise<User> {
  const user = await transaction
    .insertInto("users")
    .values({
      id: newId(),
      email: email.toLowerCase(),
      email_verified: emailVerified,
      role,
      name,
      created_at: now,
      updated_at: now,
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  if (passwordHash !== undefined) await insertPassword(transaction, user.id, passwordHash, now);
  await writeAudit(transaction, origin, {
    time: now,
    resourceType: "user",
    resourceId: user.id,
    resourceTarget: user.email,
    action: "create",
    diff: { role: { old: null, new: role } },
  });
  return user;
}
