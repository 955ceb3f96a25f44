import { Random } from "./random.ts";

const MS_PER_DAY = 86_400_000;
const MS_PER_MINUTE = 60_000;

/** How busy a day of the week is against the others, from Sunday to Saturday. */
const BUSY = [0.2, 1, 1.15, 1.15, 1, 0.8, 0.2];
const BUSY_IN_A_WEEK = BUSY.reduce((sum, share) => sum + share, 0);

/** Days since the epoch begin on a Thursday. */
const EPOCH_WEEKDAY = 4;

/** How many chats a family has on average; see `familySize`. */
const CHATS_A_FAMILY = 1.18;

/** The youngest chat began this long ago, so that its first turn lies in the past. */
const YOUNGEST_MS = 30 * MS_PER_MINUTE;

/** A chat with its child chats, as yet unwritten. */
export interface PlannedFamily {
  /** Everything about the family follows from it. */
  readonly random: Random;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** How many of its chats are wanted, the root included. */
  readonly chats: number;
}

export interface DemoSize {
  readonly seed: string;
  readonly chats: number;
  /** Over how many weeks the chats are spread, back from now. */
  readonly weeks: number;
}

/**
 * Plans when chats begin, oldest first: so many chats in all, over about so many weeks up to now.
 *
 * What happens on a day follows from the seed, the day and the rate, and not from when the plan is made. A later plan of
 * the same size and seed therefore tells the same story and goes on where it ended.
 */
export function planFamilies({ seed, chats, weeks }: DemoSize, now: Date): PlannedFamily[] {
  const familiesAWeek = chats / CHATS_A_FAMILY / weeks;
  const planned: PlannedFamily[] = [];
  let left = chats;
  for (let day = Math.floor(now.getTime() / MS_PER_DAY); left > 0; day -= 1) {
    for (const { random, startedAt } of familiesOf(day, familiesAWeek, seed)) {
      if (left === 0 || startedAt > now.getTime() - YOUNGEST_MS) continue;
      const wanted = Math.min(left, familySize(random));
      planned.push({ random, startedAt, chats: wanted });
      left -= wanted;
    }
  }
  return planned.toSorted((a, b) => a.startedAt - b.startedAt);
}

/** Most chats are alone; some hand work to one or two child chats. */
function familySize(random: Random): number {
  return random.fork("size").weighted([
    [88, 1],
    [6, 2],
    [6, 3],
  ]);
}

function familiesOf(day: number, familiesAWeek: number, seed: string): { random: Random; startedAt: number }[] {
  const before = Math.floor(busyDaysBefore(day) * (familiesAWeek / BUSY_IN_A_WEEK));
  const after = Math.floor(busyDaysBefore(day + 1) * (familiesAWeek / BUSY_IN_A_WEEK));
  return Array.from({ length: after - before }, (_, index) => {
    const random = new Random(`${seed}/day ${day}/family ${index}`);
    return { random, startedAt: day * MS_PER_DAY + timeOfDay(random.fork("start")) };
  });
}

/** All days since the epoch, each by how busy it is; its whole steps place the families evenly. */
function busyDaysBefore(day: number): number {
  const weeks = Math.floor((day + EPOCH_WEEKDAY) / 7);
  const rest = BUSY.slice(0, (day + EPOCH_WEEKDAY) % 7).reduce((sum, share) => sum + share, 0);
  return weeks * BUSY_IN_A_WEEK + rest;
}

/** Most work is done around midday UTC, and a little at any time. */
function timeOfDay(random: Random): number {
  if (random.chance(0.08)) return random.integer(0, MS_PER_DAY - 1);
  return Math.round((7 + 6 * random.fraction() + 6 * random.fraction()) * 60 * MS_PER_MINUTE);
}

/** How long the user thinks, or does something else, before the next question. In milliseconds. */
export function pauseBeforeNextTurn(random: Random): number {
  const minutes = random.weighted([
    [80, () => random.integer(1, 9)],
    [13, () => random.integer(30, 300)],
    [7, () => random.integer(14 * 60, 60 * 60)],
  ])();
  return minutes * MS_PER_MINUTE + random.integer(0, 59_999);
}
