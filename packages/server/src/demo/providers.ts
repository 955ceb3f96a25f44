import type { Random } from "./random.ts";

/** A model as a recorder names it. */
export interface Model {
  /** As the AI SDK calls the provider's interface. */
  readonly provider: string;
  readonly model: string;
  readonly url: string;
  /** How many tokens it writes in a second. */
  readonly speed: number;
  /** Whether it thinks before it answers, and the provider counts that. */
  readonly reasons: boolean;
  /** What the provider tells of its prompt cache. */
  readonly cache: "none" | "read" | "read and write";
}

interface Provider {
  /** How likely a chat is to use it, against the others. */
  readonly share: number;
  /** Answers the chat's turns. */
  readonly main: Model;
  /** Writes titles and suggestions. */
  readonly small: Model;
}

const OPENAI = { provider: "openai.responses", url: "https://api.openai.com/v1/responses", cache: "read" } as const;
const ANTHROPIC = {
  provider: "anthropic.messages",
  url: "https://api.anthropic.com/v1/messages",
  cache: "read and write",
} as const;
const MISTRAL = { provider: "mistral.chat", url: "https://api.mistral.ai/v1/chat/completions", cache: "none" } as const;
const DEEPSEEK = {
  provider: "deepseek.chat",
  url: "https://api.deepseek.com/chat/completions",
  cache: "read",
} as const;

const PROVIDERS: readonly Provider[] = [
  {
    share: 4,
    main: { ...ANTHROPIC, model: "claude-sonnet-4-5", speed: 70, reasons: false },
    small: { ...ANTHROPIC, model: "claude-haiku-4-5", speed: 140, reasons: false },
  },
  {
    share: 3,
    main: { ...OPENAI, model: "gpt-5", speed: 60, reasons: true },
    small: { ...OPENAI, model: "gpt-5-mini", speed: 120, reasons: false },
  },
  {
    share: 2,
    main: { ...MISTRAL, model: "mistral-large-latest", speed: 55, reasons: false },
    small: { ...MISTRAL, model: "mistral-small-latest", speed: 110, reasons: false },
  },
  {
    share: 1,
    main: { ...DEEPSEEK, model: "deepseek-reasoner", speed: 35, reasons: true },
    small: { ...DEEPSEEK, model: "deepseek-chat", speed: 50, reasons: false },
  },
];

export function chooseProvider(random: Random): Pick<Provider, "main" | "small"> {
  return random.weighted(PROVIDERS.map((provider) => [provider.share, provider]));
}
