import { Child } from "./child-process.ts";
import type { LightData } from "./light-data.ts";
import { openProduction } from "./production.ts";
import type { MemorySample, PurgerCommands } from "./purger-process.ts";
import { formatBytes, formatNumber, type Finding, type Verdict } from "./report.ts";
import { median, slope } from "./statistics.ts";

/** By how much the last third of the drain may lie above the middle one and still be called flat. */
const FLAT = { heap: 1.05, resident: 1.1 };

/** P11: the memory of a process that does nothing but drain, without pauses, everything that is older than a day. */
export async function measureMemory({ database, runs: stored }: LightData): Promise<Finding> {
  {
    await using production = await openProduction(database.url);
    await production.setWindow(1);
  }
  // Garbage is collected before each look, so that the heap shows what is held and not what is waiting to be collected.
  await using purger = new Child<PurgerCommands>(new URL("purger-process.ts", import.meta.url), ["--expose-gc"]);
  await purger.call("open", { url: database.url, serve: false });
  const { ms, runs, samples } = await purger.call("purgeAndSample", { everyMs: 100 });
  await purger.call("close", undefined);

  const heap = thirdsOf(samples, ({ heapBytes }) => heapBytes);
  const resident = thirdsOf(samples, ({ residentBytes }) => residentBytes);
  const growth = { heap: heap.last / heap.middle, resident: resident.last / resident.middle };
  const inclination = slope(samples.map((sample) => ({ x: (sample.ms / ms) * runs, y: sample.heapBytes })));
  return {
    target: "P11",
    what: `memory of the purger while it drains ${formatNumber(runs)} of ${formatNumber(stored)} runs`,
    limit: `flat: the last third of the drain at most ${FLAT.heap}x (heap) and ${FLAT.resident}x (resident) of the middle third`,
    reference: "",
    ours: `heap ${describe(heap)}; resident ${describe(resident)}`,
    ratio: `heap ${formatNumber(growth.heap)}, resident ${formatNumber(growth.resident)}`,
    verdict: verdictOf(samples, growth),
    remarks: [
      `the heap grows by ${formatBytes(inclination.slope * 1e6)} ± ${formatBytes(2 * inclination.standardError * 1e6)} (two standard errors) for a million runs, as a straight line through ${samples.length} looks`,
    ],
  };
}

function verdictOf(samples: readonly MemorySample[], growth: { heap: number; resident: number }): Verdict {
  if (samples.length < 15) return "unresolved";
  return growth.heap <= FLAT.heap && growth.resident <= FLAT.resident ? "met" : "missed";
}

interface Thirds {
  readonly first: number;
  readonly middle: number;
  readonly last: number;
}

function thirdsOf(samples: readonly MemorySample[], bytes: (sample: MemorySample) => number): Thirds {
  const third = (number: number): number =>
    median(
      samples
        .slice(Math.floor((number * samples.length) / 3), Math.ceil(((number + 1) * samples.length) / 3))
        .map(bytes),
    );
  return { first: third(0), middle: third(1), last: third(2) };
}

function describe({ first, middle, last }: Thirds): string {
  return [first, middle, last].map(formatBytes).join(", ");
}
