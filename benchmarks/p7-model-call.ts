import { Child } from "./child-process.ts";
import type { BenchmarkCluster } from "./cluster.ts";
import type { CallBlock, ModelCallCommands } from "./model-call-process.ts";
import { createPerson } from "./person.ts";
import { openProduction } from "./production.ts";
import type { ProviderCommands } from "./provider-process.ts";
import type { PurgerCommands } from "./purger-process.ts";
import { formatNumber, formatSpread, judge, type Finding } from "./report.ts";
import type { Size } from "./sizes.ts";
import { median, spread } from "./statistics.ts";

const STALL_LIMIT_MS = 5;

/** Blocks of each kind that are not counted: the process compiles what it runs often, and finds the size of its heap. */
const WARM_UP_BLOCKS = 2;

/**
 * P7: an application on the AI SDK, a provider on the loopback that answers after 200 ms, and the server that is recorded
 * into, each a process of its own. Blocks of calls with the recorder and without take turns.
 */
export async function measureModelCall(cluster: BenchmarkCluster, size: Size): Promise<Finding[]> {
  await using database = await cluster.createDatabase();
  const person = await createPersonIn(database.url);
  await using server = new Child<PurgerCommands>(new URL("purger-process.ts", import.meta.url));
  await using provider = new Child<ProviderCommands>(new URL("provider-process.ts", import.meta.url));
  await using application = new Child<ModelCallCommands>(new URL("model-call-process.ts", import.meta.url));
  const { url: serverUrl } = await server.call("open", { url: database.url, serve: true });
  const { url: providerUrl } = await provider.call("listen", undefined);
  await application.call("open", { providerUrl, serverUrl, key: person.key });

  const recorded: CallBlock[] = [];
  const plain: CallBlock[] = [];
  for (let repeat = -WARM_UP_BLOCKS; repeat < size.repeats; repeat += 1) {
    const without = await application.call("callModel", { calls: size.modelCalls, recorded: false });
    const together = await application.call("callModel", { calls: size.modelCalls, recorded: true });
    if (repeat < 0) continue;
    plain.push(without);
    recorded.push(together);
  }
  const { sent, dropped, rejected } = await application.call("close", undefined);
  await provider.call("close", undefined);
  await server.call("close", undefined);
  if (dropped + rejected > 0) throw new Error(`${dropped} items were dropped and ${rejected} refused.`);
  return [latencyFinding(recorded, plain, size), stallFinding(recorded, plain, sent)];
}

async function createPersonIn(url: string): Promise<{ key: string }> {
  await using production = await openProduction(url);
  return await createPerson(production);
}

function latencyFinding(recorded: readonly CallBlock[], plain: readonly CallBlock[], size: Size): Finding {
  const mediansOf = (blocks: readonly CallBlock[]): number[] => blocks.map(({ latenciesMs }) => median(latenciesMs));
  const [withRecorder, without] = [mediansOf(recorded), mediansOf(plain)];
  const added = withRecorder.map((figure, repeat) => 100 * (figure / (without[repeat] ?? Number.NaN) - 1));
  const { verdict, remark } = judge(median(added), { atMost: 2 });
  return {
    target: "P7",
    what: "what recording adds to the median of a model call that takes 200 ms",
    limit: "at most 2 %",
    reference: `${formatSpread(spread(without), " ms")} without the recorder`,
    ours: formatSpread(spread(withRecorder), " ms"),
    ratio: `${formatSpread(spread(added))} %`,
    verdict,
    remarks: [
      ...remark,
      `${size.modelCalls} calls of about 14 KB a block, ${recorded.length} blocks of each kind in turn`,
    ],
  };
}

function stallFinding(recorded: readonly CallBlock[], plain: readonly CallBlock[], sent: number): Finding {
  const stallsOf = (blocks: readonly CallBlock[]): number[] => blocks.map(({ longestStallMs }) => longestStallMs);
  const [stalls, without] = [stallsOf(recorded), stallsOf(plain)];
  const collectionsOf = (blocks: readonly CallBlock[]): number[] =>
    blocks.map(({ longestCollectionMs }) => longestCollectionMs);
  const worst = Math.max(...stalls);
  const worstWithout = Math.max(...without);
  const { verdict, remark } = judge(worst, { atMost: STALL_LIMIT_MS });
  // Where the loop stalls as long without the recorder, nobody can say whose stall was seen.
  const doubtful = verdict === "missed" && worstWithout > STALL_LIMIT_MS && Math.min(...stalls) <= worstWithout;
  return {
    target: "P7",
    what: "longest stall of the application's event loop while it records",
    limit: `none above ${STALL_LIMIT_MS} ms`,
    reference: `${formatNumber(worstWithout)} ms without the recorder`,
    ours: `${formatNumber(worst)} ms`,
    ratio: "",
    verdict: doubtful ? "unresolved" : verdict,
    remarks: [
      ...remark,
      ...(doubtful ? ["the application alone stalls for more than the limit on this machine"] : []),
      `longest of a block with the recorder: ${formatSpread(spread(stalls), " ms")}; without: ${formatSpread(spread(without), " ms")}`,
      `longest garbage collection of a block with the recorder: ${formatSpread(spread(collectionsOf(recorded)), " ms")}; without: ${formatSpread(spread(collectionsOf(plain)), " ms")}`,
      `${formatNumber(sent)} items arrived`,
    ],
  };
}
