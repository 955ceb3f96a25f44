/** How much is built and how often it is measured. */
export interface Size {
  readonly name: string;
  /** How often each measurement is repeated. */
  readonly repeats: number;
  /** Runs of three steps with payloads, in ours and in the reference. */
  readonly payloadRuns: number;
  /** How many different runs these are made of. */
  readonly sampleRuns: number;
  /** Further runs with payloads, in ours alone, so that the drain under load lasts long enough to be felt. */
  readonly foregroundRuns: number;
  /** Runs without payloads, in ours and in the reference: the sizes of table that are compared. */
  readonly lightRuns: { readonly smallest: number; readonly small: number; readonly large: number };
  /** Of each run without payloads. */
  readonly lightSteps: number;
  /** Of the foreground load. */
  readonly requestsPerSecond: number;
  /** Of each window without a purge, before and after the drain, in seconds. */
  readonly windowSeconds: number;
  /** Purge batches timed in one repeat, at each size of the table. */
  readonly timedBatches: number;
  /** Run lists read in one repeat, at each size of the table. */
  readonly listings: number;
  readonly idleTicks: number;
  /** Model calls in one repeat, with the recorder and without. */
  readonly modelCalls: number;
  /** Runs of three steps that are taken in, in one repeat. */
  readonly ingestedRuns: number;
}

export const SIZES = {
  /** For work on the benchmark itself: its figures mean nothing. */
  tiny: {
    name: "tiny",
    repeats: 1,
    payloadRuns: 400,
    sampleRuns: 30,
    foregroundRuns: 1_000,
    lightRuns: { smallest: 400, small: 2_500, large: 5_000 },
    lightSteps: 1,
    requestsPerSecond: 20,
    windowSeconds: 1,
    timedBatches: 3,
    listings: 100,
    idleTicks: 3,
    modelCalls: 5,
    ingestedRuns: 60,
  },
  quick: {
    name: "quick",
    repeats: 3,
    payloadRuns: 12_000,
    sampleRuns: 120,
    foregroundRuns: 28_000,
    lightRuns: { smallest: 2_000, small: 20_000, large: 200_000 },
    lightSteps: 1,
    requestsPerSecond: 50,
    windowSeconds: 6,
    timedBatches: 10,
    listings: 1_000,
    idleTicks: 20,
    modelCalls: 15,
    ingestedRuns: 400,
  },
  full: {
    name: "full",
    repeats: 5,
    payloadRuns: 200_000,
    sampleRuns: 400,
    foregroundRuns: 0,
    lightRuns: { smallest: 10_000, small: 100_000, large: 1_000_000 },
    lightSteps: 3,
    requestsPerSecond: 50,
    windowSeconds: 30,
    timedBatches: 25,
    listings: 3_000,
    idleTicks: 50,
    modelCalls: 60,
    ingestedRuns: 3_000,
  },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof SIZES;
