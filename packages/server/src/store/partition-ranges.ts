/** How much time one payload partition may cover. */
export const PARTITION_LENGTHS = ["hour", "day", "week"] as const;

export type PartitionLength = (typeof PARTITION_LENGTHS)[number];

const MS: Record<PartitionLength, number> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 };

/** The epoch was a Thursday; weeks begin on the Monday before it. */
const FIRST_MONDAY_MS = -3 * 86_400_000;

/** A half-open stretch of time, UTC. */
export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

/** The length of a partition in milliseconds. */
export function partitionMs(length: PartitionLength): number {
  return MS[length];
}

/** The hour, day or week that a moment lies in, cut where it would overlap a partition that exists already. */
export function rangeAround(moment: Date, length: PartitionLength, existing: readonly TimeRange[]): TimeRange {
  const origin = length === "week" ? FIRST_MONDAY_MS : 0;
  const start = Math.floor((moment.getTime() - origin) / MS[length]) * MS[length] + origin;
  const before = existing.filter(({ to }) => to <= moment).map(({ to }) => to.getTime());
  const after = existing.filter(({ from }) => from > moment).map(({ from }) => from.getTime());
  return {
    from: new Date(Math.max(start, ...before)),
    to: new Date(Math.min(start + MS[length], ...after)),
  };
}

export function covers({ from, to }: TimeRange, moment: Date): boolean {
  return from <= moment && moment < to;
}
