import type { Config } from "./config.ts";
import { PURGE_INTERVAL_MS } from "./retention/purge-loop.ts";
import { describeOutlook, type WindowOutlook } from "./retention/window-outlook.ts";
import type { DebugLoggingPolicy } from "./store/debug-logging.ts";
import { SHELFLIFE_VERSION } from "./version.ts";

/** What an operator wants to see at a start, in plain lines. */
export function startBanner(start: {
  config: Config;
  access: { description: string };
  url: string;
  /** Who may record; undefined where that cannot be read. */
  debugLogging: DebugLoggingPolicy | undefined;
  windows: readonly WindowOutlook[];
  setUpLink?: { readonly url: string } | undefined;
}): string {
  const { config, access, url, debugLogging, windows, setUpLink } = start;
  const lines = [
    ["database", access.description],
    ["listening", url],
    ...(setUpLink === undefined
      ? []
      : [["set up", `${setUpLink.url} (makes the first administrator; once, within 24 hours)`]]),
    ["recording", config.SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED ? "on for every chat" : describeRecording(debugLogging)],
    ...windows.flatMap((outlook) => {
      const [window, ...toCome] = describeOutlook(outlook, { enabled: config.SHELFLIFE_PURGE });
      return [["window", window], ...toCome.map((line) => ["", `  ${line}`])];
    }),
    [
      "purge",
      config.SHELFLIFE_PURGE
        ? `running now; the next is due ${PURGE_INTERVAL_MS / 60_000} minutes after it ends`
        : "off (SHELFLIFE_PURGE=off): nothing is deleted",
    ],
  ];
  const body = lines.map(([label, text]) => `  ${(label ?? "").padEnd(10)} ${text ?? ""}`);
  return [`Shelflife ${SHELFLIFE_VERSION}`, ...body].join("\n");
}

function describeRecording(debugLogging: DebugLoggingPolicy | undefined): string {
  if (debugLogging === undefined) return "off: who may record cannot be read until it is set again";
  if (!debugLogging.allowUsers) return "off (SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true turns it on)";
  return debugLogging.userDefault ? "on, but for whoever switches it off" : "on for whoever switches it on";
}
