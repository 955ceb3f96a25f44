import { TARGETS, type Target } from "./arguments.ts";
import type { BenchmarkCluster } from "./cluster.ts";
import { buildLightData } from "./light-data.ts";
import { measureForeground } from "./p1-foreground.ts";
import { measureIdleTick } from "./p10-idle-tick.ts";
import { measureMemory } from "./p11-memory.ts";
import { measureDisk } from "./p2-p3-disk.ts";
import { measureBatchTime } from "./p4-batch-time.ts";
import { measureAgentRun, measureProviderResponses } from "./p5-p6-stored-bytes.ts";
import { measureModelCall } from "./p7-model-call.ts";
import { measureIngest } from "./p8-ingest.ts";
import { measureNewestRuns } from "./p9-newest-runs.ts";
import { addForegroundRuns, buildPayloadData } from "./payload-data.ts";
import { notMeasured, type Finding } from "./report.ts";
import type { Size } from "./sizes.ts";

/** Measures the targets that were asked for, and answers what was found in their order. */
export async function measureAll(
  cluster: BenchmarkCluster,
  size: Size,
  targets: ReadonlySet<Target>,
): Promise<Finding[]> {
  const measuring = new Measuring(targets);
  await measuring.measure(["P5"], () => measureProviderResponses(cluster));
  await measuring.measure(["P6"], () => measureAgentRun(cluster));
  await measuring.measure(["P7"], () => measureModelCall(cluster, size));
  await measuring.measure(["P8"], () => measureIngest(cluster, size));
  await measuring.withData(["P4", "P9", "P10", "P11"], () => measureLargeTables(cluster, size, measuring));
  await measuring.withData(["P1", "P2", "P3"], () => measurePurges(cluster, size, measuring));
  return measuring.findings.toSorted(
    (a, b) => TARGETS.indexOf(a.target as Target) - TARGETS.indexOf(b.target as Target),
  );
}

/** Reads before deletes: the same tables serve all four. */
async function measureLargeTables(cluster: BenchmarkCluster, size: Size, measuring: Measuring): Promise<void> {
  const { lightRuns, lightSteps: steps } = size;
  await using large = await buildLightData(cluster, { runs: lightRuns.large, steps });
  if (measuring.wants("P9")) {
    await using smallest = await buildLightData(cluster, { runs: lightRuns.smallest, steps });
    await measuring.measure(["P9"], () => measureNewestRuns(size, { small: smallest, large }));
  }
  await measuring.measure(["P10"], () => measureIdleTick(cluster, size, large));
  if (measuring.wants("P4")) {
    await using small = await buildLightData(cluster, { runs: lightRuns.small, steps });
    await measuring.measure(["P4"], () => measureBatchTime(size, { small, large }));
  }
  await measuring.measure(["P11"], () => measureMemory(large));
}

async function measurePurges(cluster: BenchmarkCluster, size: Size, measuring: Measuring): Promise<void> {
  await using data = await buildPayloadData(cluster, size);
  await measuring.measure(["P2", "P3"], () => measureDisk(cluster, size, data));
  if (!measuring.wants("P1")) return;
  if (size.foregroundRuns === 0) {
    await measuring.measure(["P1"], () => measureForeground(cluster, size, data));
    return;
  }
  await using larger = await addForegroundRuns(cluster, size, data);
  await measuring.measure(["P1"], () => measureForeground(cluster, size, larger));
}

/** Collects findings. What cannot be measured is a finding too, with its reason, and keeps nothing else from being measured. */
class Measuring {
  readonly findings: Finding[] = [];
  readonly #targets: ReadonlySet<Target>;
  readonly #started = performance.now();

  constructor(targets: ReadonlySet<Target>) {
    this.#targets = targets;
  }

  wants(...targets: readonly Target[]): boolean {
    return targets.some((target) => this.#targets.has(target));
  }

  async measure(targets: readonly Target[], work: () => Promise<Finding | Finding[]>): Promise<void> {
    if (!this.wants(...targets)) return;
    this.#say(`measuring ${targets.join(" and ")}`);
    try {
      const found = [await work()].flat();
      for (const finding of found.filter(({ target }) => this.wants(target as Target))) this.#add(finding);
    } catch (error) {
      this.#giveUp(targets, error);
    }
  }

  /** Builds what these targets share and has them measured; where it cannot be built, none of them is. */
  async withData(targets: readonly Target[], work: () => Promise<void>): Promise<void> {
    if (!this.wants(...targets)) return;
    this.#say(`building the data of ${targets.join(", ")}`);
    try {
      await work();
    } catch (error) {
      const found = new Set(this.findings.map(({ target }) => target));
      this.#giveUp(
        targets.filter((target) => !found.has(target)),
        error,
      );
    }
  }

  #giveUp(targets: readonly Target[], error: unknown): void {
    console.error(error);
    const reason = error instanceof Error ? error.message : String(error);
    for (const target of targets.filter((one) => this.#targets.has(one)))
      this.findings.push(notMeasured(target, "", reason));
  }

  #add(finding: Finding): void {
    this.findings.push(finding);
    this.#say(`  ${finding.target} ${finding.verdict}: ${finding.ratio === "" ? finding.ours : finding.ratio}`);
  }

  #say(what: string): void {
    console.error(`${((performance.now() - this.#started) / 1000).toFixed(0).padStart(5)} s  ${what}`);
  }
}
