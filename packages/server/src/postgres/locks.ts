/**
 * Every advisory lock that Shelflife takes, so that no two uses share a number. The list is only ever appended to:
 * replicas of two versions run side by side during a rolling restart, and must mean the same by a number.
 */
export const ADVISORY_LOCKS = {
  /** Held by the one replica that purges, for the length of a tick. */
  purge: 5_372_940_001,
  /** Held while a partition of the payload table is created or attached. */
  payloadPartitions: 5_372_940_002,
  /** Held by the one process that migrates the database. */
  migrations: 5_372_940_003,
} as const;

/** The first of two numbers, for locks of which there are many: they share no numbers with those above. */
export const ADVISORY_LOCK_CLASSES = {
  /** Held for a moment at a start, to see whether two connections lead to one database. */
  sameDatabase: 537_294_001,
} as const;
