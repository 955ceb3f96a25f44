import { anthropicMessages } from "./anthropic-messages.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import type { WireFormat } from "./wire-format.ts";

const FORMATS: [path: RegExp, format: WireFormat][] = [
  [/\/chat\/completions$/, openaiChat],
  [/\/responses$/, openaiResponses],
  [/\/messages$/, anthropicMessages],
];

/** Tells the format by the path of the URL, which proxies and compatible providers keep. */
export function wireFormatOf(path: string): WireFormat | undefined {
  return FORMATS.find(([pattern]) => pattern.test(path.replace(/\/+$/, "")))?.[1];
}
