/** What an owner is told of the chats that one iteration of the purge has archived for want of activity. */
export interface Digest {
  /** The same at every attempt, so that whoever gets a digest twice can tell. */
  readonly id: string;
  readonly owner: { readonly id: string; readonly email: string };
  /** When the first of the chats was archived. */
  readonly archivedAt: Date;
  /** At most 25, the newest activity first. */
  readonly items: readonly { readonly title: string; readonly lastActivity: Date }[];
  /** How many more chats were archived. */
  readonly further: number;
  readonly autoArchiveDays: DigestWindow;
  readonly retentionDays: DigestWindow;
}

/** A window in days; `unknown` where it cannot be read. */
export type DigestWindow = number | "unknown";

/** A way to tell owners. */
export interface Notifier {
  /** Remembered with each digest that it has delivered, so let it never change. */
  readonly name: string;
  /**
   * Delivers a digest within a time limit of its own.
   *
   * @throws where that fails; the delivery is tried again later
   */
  deliver(digest: Digest, signal: AbortSignal): Promise<void>;
}
