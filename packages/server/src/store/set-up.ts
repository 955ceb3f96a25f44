import { timingSafeEqual } from "node:crypto";

import type { DebugLoggingChoice } from "@shelflife/api-contract";
import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import type { AuditOrigin } from "./audit.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { ALLOW_USERS_KEY, DEBUG_LOGGING_POLICIES, USER_DEFAULT_KEY } from "./debug-logging.ts";
import { insertUser, type User } from "./users.ts";
import { writeSiteConfig } from "./site-configs.ts";

export interface CompletedSetUp {
  readonly tokenHash: Buffer;
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly debugLogging: DebugLoggingChoice;
}

export interface SetUpStore {
  /** Whether nobody has an account yet. */
  isSetUpNeeded(): Promise<boolean>;
  /** Lets whoever has the token set the deployment up, until it expires. */
  issueSetUpToken(token: { tokenHash: Buffer; expiresAt: Date }): Promise<void>;
  withdrawSetUpToken(tokenHash: Buffer): Promise<void>;
  /**
   * Makes the first administrator, stores who may record, and makes every token worthless. Of two at once one succeeds.
   *
   * @throws CodedError `conflict` where somebody has an account already, `set_up_token_refused` where the token is not in force
   */
  completeSetUp(setUp: CompletedSetUp, origin: AuditOrigin): Promise<User>;
}

export function setUpStore(database: Database, clock: Clock): SetUpStore {
  return {
    isSetUpNeeded: () => nobodyHasAnAccount(database),

    async issueSetUpToken({ tokenHash, expiresAt }) {
      await database.insertInto("set_up_tokens").values({ token_hash: tokenHash, expires_at: expiresAt }).execute();
    },

    async withdrawSetUpToken(tokenHash) {
      await database.deleteFrom("set_up_tokens").where("token_hash", "=", tokenHash).execute();
    },

    completeSetUp({ tokenHash, email, name, passwordHash, debugLogging }, origin) {
      return database.transaction().execute(async (transaction) => {
        // Nobody is made from here on but by this transaction.
        await sql`LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE`.execute(transaction);
        if (!(await nobodyHasAnAccount(transaction))) {
          throw new CodedError("conflict", "This deployment has been set up already.");
        }
        const now = clock.now();
        const issued = await transaction
          .selectFrom("set_up_tokens")
          .select("token_hash as tokenHash")
          .where("expires_at", ">", now)
          .execute();
        if (
          !issued.some(
            (token) => token.tokenHash.length === tokenHash.length && timingSafeEqual(token.tokenHash, tokenHash),
          )
        ) {
          throw new CodedError("set_up_token_refused", "This link is not in force.");
        }
        const user = await insertUser(
          transaction,
          { email, name, role: "owner", passwordHash, emailVerified: true },
          origin,
          now,
        );
        await transaction.deleteFrom("set_up_tokens").execute();
        const { allowUsers, userDefault } = DEBUG_LOGGING_POLICIES[debugLogging];
        const by = { ...origin, userId: user.id };
        // Both are stored, whatever holds without them: it was chosen.
        await storeSwitch(transaction, { key: ALLOW_USERS_KEY, field: "allow_users", on: allowUsers }, by, now);
        await storeSwitch(transaction, { key: USER_DEFAULT_KEY, field: "user_default", on: userDefault }, by, now);
        return user;
      });
    },
  };
}

async function nobodyHasAnAccount(database: Database): Promise<boolean> {
  const someone = await database.selectFrom("users").select("id").limit(1).executeTakeFirst();
  return someone === undefined;
}

async function storeSwitch(
  transaction: OpenTransaction,
  { key, field, on }: { key: string; field: string; on: boolean },
  origin: AuditOrigin,
  now: Date,
): Promise<void> {
  const former = await transaction.selectFrom("site_configs").select("value").where("key", "=", key).executeTakeFirst();
  if (former?.value === String(on)) return;
  await writeSiteConfig(transaction, { key, field, old: former?.value ?? null, new: on }, { origin, time: now });
}
