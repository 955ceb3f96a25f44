import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import { writeAudit, type AuditOrigin } from "./audit.ts";
import { newId, type Database, type OpenTransaction } from "./database.ts";

/** How the library that signs people in names an account that is a password. */
const PASSWORD_PROVIDER = "credential";

export interface PasswordsStore {
  /** What a person's password is checked against; undefined where they have none. */
  readPasswordHash(userId: string): Promise<string | undefined>;
  /**
   * Sets a person's password, and signs them out everywhere but in one session.
   *
   * @throws CodedError `not_found` where there is no such person
   */
  changePassword(
    change: { userId: string; passwordHash: string; keptSessionId?: string | undefined },
    origin: AuditOrigin,
  ): Promise<void>;
}

export function passwordsStore(database: Database, clock: Clock): PasswordsStore {
  return {
    async readPasswordHash(userId) {
      const account = await database
        .selectFrom("accounts")
        .select("password")
        .where("user_id", "=", userId)
        .where("provider_id", "=", PASSWORD_PROVIDER)
        .executeTakeFirst();
      return account?.password ?? undefined;
    },

    async changePassword({ userId, passwordHash, keptSessionId }, origin) {
      await database.transaction().execute(async (transaction) => {
        const user = await transaction
          .selectFrom("users")
          .select("email")
          .where("id", "=", userId)
          .forUpdate()
          .executeTakeFirst();
        if (user === undefined) throw new CodedError("not_found", "There is no such person.");
        const now = clock.now();
        const former = await transaction
          .deleteFrom("accounts")
          .where("user_id", "=", userId)
          .where("provider_id", "=", PASSWORD_PROVIDER)
          .returning("updated_at")
          .executeTakeFirst();
        await insertPassword(transaction, userId, passwordHash, now);
        await transaction
          .deleteFrom("sessions")
          .where("user_id", "=", userId)
          .$if(keptSessionId !== undefined, (query) => query.where("id", "!=", keptSessionId ?? ""))
          .execute();
        await writeAudit(transaction, origin, {
          time: now,
          resourceType: "user",
          resourceId: userId,
          resourceTarget: user.email,
          action: "write",
          diff: { password_set_at: { old: former?.updated_at.toISOString() ?? null, new: now.toISOString() } },
        });
      });
    },
  };
}

export async function insertPassword(
  transaction: OpenTransaction,
  userId: string,
  passwordHash: string,
  now: Date,
): Promise<void> {
  await transaction
    .insertInto("accounts")
    .values({
      id: newId(),
      user_id: userId,
      provider_id: PASSWORD_PROVIDER,
      account_id: userId,
      password: passwordHash,
      created_at: now,
      updated_at: now,
    })
    .execute();
}
