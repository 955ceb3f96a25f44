/**
 * A chat's route in Next.js (`app/api/chat/route.ts`): the AI SDK streams the answer to `useChat`, and the recorder
 * watches. Next.js itself is not needed to run it; `nextjs-route-call.ts` asks as a browser would.
 */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { inChat, shelflifeRecorder } from "@shelflife/recorder";
import {
  type UIMessage,
  convertToModelMessages,
  createUIMessageStreamResponse,
  registerTelemetry,
  streamText,
  toUIMessageStream,
} from "ai";

// In an application of several routes this stands in `instrumentation.ts`, in the function `register`. Where the process is
// frozen after a response, the route also calls `after(() => recorder.flush())`, with `after` from `next/server`.
const recorder = shelflifeRecorder();
registerTelemetry(recorder);

const openai = createOpenAICompatible({
  name: "openai",
  baseURL: process.env["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1",
  ...(process.env["OPENAI_API_KEY"] !== undefined && { apiKey: process.env["OPENAI_API_KEY"] }),
  // Without it a stream says nothing of tokens.
  includeUsage: true,
});

/** What `useChat` sends: the chat's id, and all of its messages. */
interface ChatRequest {
  id: string;
  messages: UIMessage[];
}

export async function POST(request: Request): Promise<Response> {
  const { id, messages } = (await request.json()) as ChatRequest;
  const answer = streamText({
    model: openai("gpt-5-mini"),
    messages: await convertToModelMessages(messages),
    abortSignal: request.signal,
    ...inChat({ chatId: id, title: "Example: a route of Next.js" }),
  });
  return createUIMessageStreamResponse({ stream: toUIMessageStream({ stream: answer.stream }) });
}
