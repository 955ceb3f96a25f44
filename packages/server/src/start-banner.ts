import type { RetentionSetting } from "@shelflife/api-contract";

import type { Config } from "./config.ts";
import { PURGE_INTERVAL_MS } from "./retention/purge-loop.ts";
import type { RetentionWindow } from "./store/retention-window.ts";
import { SHELFLIFE_VERSION } from "./version.ts";

export interface WindowInForce {
  readonly setting: RetentionSetting;
  /** Undefined where the stored value cannot be read. */
  readonly window: RetentionWindow | undefined;
}

/** What an operator wants to see at a start, in plain lines. */
export function startBanner(start: {
  config: Config;
  access: { description: string };
  url: string;
  windows: readonly WindowInForce[];
  setUpLink?: { readonly url: string } | undefined;
}): string {
  const { config, access, url, windows, setUpLink } = start;
  const lines = [
    ["database", access.description],
    ["listening", url],
    ...(setUpLink === undefined
      ? []
      : [["set up", `${setUpLink.url} (makes the first administrator; once, within 24 hours)`]]),
    [
      "recording",
      config.SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED
        ? "on for every chat"
        : "off (SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true turns it on)",
    ],
    ...windows.map(({ setting, window }) => ["window", `${setting.name}: ${describeWindow(window)}`]),
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

function describeWindow(window: RetentionWindow | undefined): string {
  if (window === undefined) return "cannot be read; nothing of it is purged until it is set again";
  const source = window.source === "default" ? " (default)" : "";
  return window.days === 0 ? `0, kept for ever${source}` : `${window.days} days${source}`;
}
