import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import type { Database } from "./database.ts";

const MS_PER_SECOND = 1000;

export interface AttemptLimit {
  /** What is counted, and of whom. */
  readonly key: string;
  readonly max: number;
  readonly windowMs: number;
}

export interface SignInAttemptsStore {
  /**
   * Counts an attempt, on every replica alike, and says whether it is one too many and then for how long, in seconds. The
   * count begins anew a window after its first attempt.
   */
  countAttempt(limit: AttemptLimit): Promise<{ allowed: true } | { allowed: false; retryAfterSeconds: number }>;
  /** Forgets what has expired: sessions, unfinished sign-ins, set-up links, and counts of attempts. */
  forgetExpiredSignIns(): Promise<void>;
}

/** A count is kept for so long after it began: longer than every window. */
const ATTEMPTS_KEPT_MS = 3_600_000;

export function signInAttemptsStore(database: Database, clock: Clock): SignInAttemptsStore {
  return {
    async countAttempt({ key, max, windowMs }) {
      const now = clock.now();
      const windowStart = new Date(now.getTime() - windowMs);
      const began = sql<boolean>`sign_in_attempts.window_started_at <= ${windowStart}`;
      const { attempts, window_started_at: startedAt } = await database
        .insertInto("sign_in_attempts")
        .values({ key, attempts: 1, window_started_at: now })
        .onConflict((conflict) =>
          conflict.column("key").doUpdateSet({
            attempts: sql<number>`CASE WHEN ${began} THEN 1 ELSE least(sign_in_attempts.attempts, ${max}) + 1 END`,
            window_started_at: sql<Date>`CASE WHEN ${began} THEN ${now} ELSE sign_in_attempts.window_started_at END`,
          }),
        )
        .returning(["attempts", "window_started_at"])
        .executeTakeFirstOrThrow();
      if (attempts <= max) return { allowed: true };
      const left = startedAt.getTime() + windowMs - now.getTime();
      return { allowed: false, retryAfterSeconds: Math.max(Math.ceil(left / MS_PER_SECOND), 1) };
    },

    async forgetExpiredSignIns() {
      const now = clock.now();
      await database.deleteFrom("sessions").where("expires_at", "<=", now).execute();
      await database.deleteFrom("verifications").where("expires_at", "<=", now).execute();
      await database.deleteFrom("set_up_tokens").where("expires_at", "<=", now).execute();
      await database
        .deleteFrom("sign_in_attempts")
        .where("window_started_at", "<=", new Date(now.getTime() - ATTEMPTS_KEPT_MS))
        .execute();
    },
  };
}
