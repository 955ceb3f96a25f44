// A program that uses an embedded PostgreSQL until it is told to stop. The tests run it as a process of its own, since
// they are about processes: started at once, killed, run by another user.
import { pino } from "pino";
import { systemClock } from "../../src/clock.ts";
import { type EmbeddedPostgresOptions, useEmbeddedPostgres } from "../../src/postgres/embedded.ts";
import { codeOf } from "../../src/coded-error.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as EmbeddedPostgresOptions;

// Before anything is awaited, so that no signal finds us without a listener.
const { promise: told, resolve: tell } = Promise.withResolvers<NodeJS.Signals>();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, tell);

try {
  const log = pino({ level: "silent" });
  const embedded = await useEmbeddedPostgres({ ...options, clock: systemClock, log });
  report({
    event: "ready",
    url: embedded.url,
    version: embedded.version,
    directory: embedded.directory,
  });
  // The listeners for signals do not keep the process alive, and nothing else is open.
  const alive = setInterval(() => undefined, 60_000);
  report({ event: "told", signal: await told });
  clearInterval(alive);
  await embedded.stop();
  report({ event: "stopped" });
} catch (error) {
  report({ event: "failed", code: codeOf(error) ?? "", message: String(error) });
  process.exitCode = 1;
}

function report(event: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
