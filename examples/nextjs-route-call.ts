/** Calls the route as `useChat` does, and prints the events of the stream that it answers. */
import type { UIMessage } from "ai";

import { POST } from "./nextjs-route.ts";

const question: UIMessage = {
  id: "1",
  role: "user",
  parts: [{ type: "text", text: "Write a haiku about the shelf life of bread." }],
};
const response = await POST(
  new Request("http://localhost:3000/api/chat", {
    method: "POST",
    body: JSON.stringify({ id: "example-nextjs-route", messages: [question] }),
  }),
);
for await (const events of response.body?.pipeThrough(new TextDecoderStream()) ?? []) process.stdout.write(events);
