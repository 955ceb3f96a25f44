import { randomUUID } from "node:crypto";

import { ShelflifeClient, ShelflifeError } from "@shelflife/sdk";

import { CodedError } from "../coded-error.ts";
import { assertRecording } from "./send-batches.ts";

/** A key that no server knows, for the first question. */
const NO_KEY = "none";

/**
 * Makes sure that a Shelflife server answers at the address, before anything is made for it.
 *
 * @throws CodedError `server_not_running` with what to do
 */
export async function checkServerRuns(url: string): Promise<void> {
  const code = await probe(new ShelflifeClient({ baseUrl: url, key: NO_KEY, userAgent: "shelflife-demo" }));
  // Whoever asks for a key in our own words is a Shelflife server.
  if (code === "unauthenticated") return;
  if (code === "network" || code === "timeout") {
    throw new CodedError(
      "server_not_running",
      `No server answers at ${url}: start one with SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true npm start, or name another one with --url.`,
    );
  }
  if (code === "unexpected_response" || code === "not_found") {
    throw new CodedError(
      "server_not_running",
      `What answers at ${url} is not a Shelflife server; name another one with --url.`,
    );
  }
  throw new CodedError(
    "server_not_ready",
    `The server at ${url} cannot serve now (${code ?? "no error"}); its log says why.`,
  );
}

/**
 * Makes sure that the server knows the key, lets it record, and records at all. It asks with a step of a run that nobody
 * knows, so that nothing is stored whatever the answer.
 *
 * @param unknownKey what to say where the server does not know the key
 */
export async function checkRecording(client: ShelflifeClient, unknownKey: string): Promise<void> {
  try {
    const step = { id: randomUUID(), run_id: randomUUID(), chat_id: randomUUID() };
    const { rejected } = await client.recordDebugBatch({ steps: [step] });
    assertRecording(rejected);
  } catch (error) {
    if (!(error instanceof ShelflifeError)) throw error;
    if (error.code === "unauthenticated") throw new CodedError("key_refused", unknownKey, { cause: error });
    throw new CodedError("server_not_ready", `The server refuses to record: ${error.message}`, { cause: error });
  }
}

async function probe(client: ShelflifeClient): Promise<string | undefined> {
  try {
    await client.getDebugRetentionDays();
    return undefined;
  } catch (error) {
    if (error instanceof ShelflifeError) return error.code;
    throw error;
  }
}
