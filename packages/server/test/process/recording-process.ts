import { ShelflifeClient } from "@shelflife/sdk";

/**
 * An application in a process of its own: it tells the server of a run and of a call that is under way, says so on its
 * standard output, and then waits for an answer that never comes.
 */
const [, , baseUrl = "", key = "", chatId = "", runId = "", stepId = ""] = process.argv;

const client = new ShelflifeClient({ baseUrl, key });
await client.recordDebugBatch({
  chats: [{ id: chatId, status: "running" }],
  runs: [{ id: runId, chat_id: chatId, status: "in_progress" }],
  steps: [{ id: stepId, run_id: runId, chat_id: chatId, step_number: 1, status: "in_progress" }],
});
process.stdout.write("recorded\n");
setInterval(() => undefined, 60_000);
