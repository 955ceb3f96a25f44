import { accountOffice } from "../../src/cli/demo-accounts.ts";
import { systemClock } from "../../src/clock.ts";
import { runDemoForPeople, type DemoOptions, type DemoReport } from "../../src/demo/run-demo.ts";
import { listen } from "../../src/http/listen.ts";
import { FakeClock } from "../fake-clock.ts";
import { createTestApp, type TestApp, type TestAppOptions } from "../test-app.ts";
import { NOW } from "./whole-demo.ts";

/** The application on a port of its own, which is how the demo meets it. */
export interface ServedApp {
  readonly app: TestApp;
  readonly url: string;
  /** What the demo is told: a small one, at the application's own time. */
  readonly options: DemoOptions;
  fillForPeople(): Promise<DemoReport>;
  /** How many runs the purge's own predicate finds. */
  countExpired(windowDays: number): Promise<number>;
  close(): Promise<void>;
}

const MS_PER_DAY = 86_400_000;

export async function serveApp({
  chats,
  output = { write: () => true },
  ...appOptions
}: TestAppOptions & { chats: number; output?: DemoOptions["output"] }): Promise<ServedApp> {
  const app = await createTestApp({ clock: new FakeClock(NOW), ...appOptions });
  const { url, close } = await listen(app.app.fetch, { host: "127.0.0.1", port: 0 }, systemClock);
  const options = { url, size: { seed: "test", chats, weeks: 8 }, clock: app.clock, output };
  return {
    app,
    url,
    options,
    close,
    fillForPeople: () => runDemoForPeople(options, accountOffice(app.store), "the test's database"),
    countExpired: (windowDays) =>
      app.store.countExpiredDebugRuns(
        new Date(app.clock.now().getTime() - windowDays * MS_PER_DAY),
        new AbortController().signal,
      ),
  };
}
