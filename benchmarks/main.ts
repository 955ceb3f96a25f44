import { readArguments, TARGETS } from "./arguments.ts";
import { BenchmarkCluster } from "./cluster.ts";
import { measureAll } from "./measure-all.ts";
import { renderText } from "./report.ts";
import { isBusy, surroundings, writeResults } from "./results.ts";

/**
 * Measures what Shelflife costs, side by side with the reference design, on a PostgreSQL of its own.
 *
 *     npm run bench -- [--size quick|full|tiny] [--only P3,P4]
 *
 * A run of all targets at the sizes quick and full writes `benchmarks/results.md`; every run prints what it found.
 */
const { size, targets } = readArguments(process.argv.slice(2));
const machine = surroundings();
if (isBusy(machine))
  console.error(`The load average is ${machine.loadBefore}: others use this machine, and times are not to be trusted.`);
await using cluster = await BenchmarkCluster.start();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void cluster[Symbol.asyncDispose]().finally(() => process.exit(1));
  });
}
const findings = await measureAll(cluster, size, targets);
console.log(renderText(findings));
if (targets.size === TARGETS.length && size.name !== "tiny") {
  writeResults(findings, size, { ...machine, postgres: cluster.version });
}
if (findings.some(({ verdict }) => verdict === "not measured")) process.exitCode = 1;
