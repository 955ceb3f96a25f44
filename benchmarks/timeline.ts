export const MS_PER_DAY = 86_400_000;
const MS_PER_HOUR = 3_600_000;

/** The retention window that the data is built for. */
export const WINDOW_DAYS = 5;

/** The share of the runs that is older than the window. */
export const EXPIRED_SHARE = 0.75;

interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** When the runs of a data set were recorded, seen from the moment at which the purge is to run. */
export interface Timeline {
  /** The purge's clock. */
  readonly now: Date;
  readonly expired: Span;
  readonly live: Span;
}

/**
 * Expired runs of fifteen days, and live ones of the last three. In the two days between nothing was recorded, so that
 * nothing more expires in the partition's length after which the disk is looked at again.
 */
export function timelineUpTo(now: Date): Timeline {
  const before = (days: number, hours = 0): Date => new Date(now.getTime() - days * MS_PER_DAY - hours * MS_PER_HOUR);
  return {
    now,
    expired: { from: before(20), to: before(WINDOW_DAYS, 1) },
    live: { from: before(3), to: before(0, 1) },
  };
}

export function cutoffOf({ now }: Timeline): Date {
  return new Date(now.getTime() - WINDOW_DAYS * MS_PER_DAY);
}

/** So many moments: first one in each day that the timeline touches, and then all over it. */
export function momentsOn({ expired, live }: Timeline, count: number, random: () => number): Date[] {
  const daily = [expired, live].flatMap(dailyMoments);
  const further = Array.from({ length: Math.max(0, count - daily.length) }, () => {
    const { from, to } = random() < EXPIRED_SHARE ? expired : live;
    return new Date(from.getTime() + random() * (to.getTime() - from.getTime()));
  });
  return [...daily, ...further];
}

/** One moment in each day that lies in a span, wholly or in part. */
export function dailyMoments({ from, to }: Span): Date[] {
  const days = Math.ceil((to.getTime() - from.getTime()) / MS_PER_DAY);
  return Array.from(
    { length: days + 1 },
    (_, day) => new Date(Math.min(from.getTime() + day * MS_PER_DAY, to.getTime())),
  );
}
