import type { RetentionHistory } from "@shelflife/api-contract";

const MS_PER_DAY = 86_400_000;

/** Stored bytes by whole days of age, the youngest first, without gaps between. */
export function storedByAge({ stored_bytes }: RetentionHistory, now: Date): { age: string; bytes: number }[] {
  const today = Math.floor(now.getTime() / MS_PER_DAY);
  const byAge = new Map<number, number>();
  for (const { day, bytes } of stored_bytes) {
    // A partition that was made ahead of time holds nothing yet.
    const age = Math.max(0, today - Math.floor(Date.parse(day) / MS_PER_DAY));
    byAge.set(age, (byAge.get(age) ?? 0) + bytes);
  }
  const oldest = Math.max(0, ...byAge.keys());
  return Array.from({ length: oldest + 1 }, (_, age) => ({ age: String(age), bytes: byAge.get(age) ?? 0 }));
}

/** What was purged, a row a day and a column for each kind of record that ever went. */
export function purgedByDay({ purged }: RetentionHistory): {
  days: Record<string, string | number>[];
  recordTypes: string[];
} {
  const recordTypes = [...new Set(purged.filter(({ records }) => records > 0).map(({ record_type }) => record_type))];
  const days = Map.groupBy(purged, ({ day }) => day);
  return {
    recordTypes,
    days: [...days]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([day, rows]) => ({
        day,
        ...Object.fromEntries(
          recordTypes.map((type) => [
            type,
            rows.filter(({ record_type }) => record_type === type).reduce((sum, { records }) => sum + records, 0),
          ]),
        ),
      })),
  };
}
