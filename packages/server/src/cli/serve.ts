import type { Command } from "commander";

import { readConfig, unknownVariables } from "../config.ts";
import { createLog } from "../log.ts";

export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("Run the server: HTTP, migrations and the background purge. Ctrl-C stops it.")
    .action(serve);
}

async function serve(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.SHELFLIFE_LOG_LEVEL);
  const variables = unknownVariables(process.env);
  if (variables.length > 0) log.warn({ variables }, "unknown configuration variables are ignored; are they misspelt?");
  const stopping = new AbortController();
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) {
      log.fatal({ signal }, "stopped a second time; leaving at once");
      process.exit(1);
    }
    stopping.abort();
    resolve();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);

  try {
    // The largest part of Shelflife, which no other command should have to load.
    const { startServer } = await import("../main.ts");
    const server = await startServer(config, log, stopping.signal);
    process.stdout.write(`${server.banner}\n`);
    await stopped;
    log.info("stopping");
    await server.stop();
    log.info("stopped");
  } catch (error) {
    // A start that was told to stop has nothing to report.
    if (!stopping.signal.aborted) throw error;
  }
}
