import type { NormalizedMessage, NormalizedPart, NormalizedTool, RunKind } from "@shelflife/api-contract";

import { ChatHistory, PromptCache } from "./chat-history.ts";
import { ChatWriter } from "./chat-writer.ts";
import type { Facts } from "./facts.ts";
import type { Outcome } from "./model-call.ts";
import { playCall, type RecordedCall } from "./play-call.ts";
import * as phrases from "./phrases.ts";
import type { Model } from "./providers.ts";
import type { Random } from "./random.ts";
import { recordRun, type RecordedRun } from "./recorded-run.ts";
import { DELEGATE, toolDefinitions, useTool } from "./tools.ts";
import type { Topic } from "./topic.ts";

export interface ChatCharacter {
  readonly chatId: string;
  readonly topic: Topic;
  readonly facts: Facts;
  readonly main: Model;
  readonly small: Model;
}

/** A task that a turn hands to a child chat: plays it from a moment on, and says how it ended. */
export type Delegation = (task: string, startedAt: number) => { answer: string; endedAt: number };

export interface Turn {
  readonly question: string;
  readonly startedAt: number;
  /** How many model calls the turn takes; all but the last one use a tool. */
  readonly calls: number;
  readonly outcome: Outcome;
  /** When something was last heard of a turn in progress. */
  readonly seenAt?: number;
  readonly delegate?: Delegation | undefined;
}

/** One chat as it went: what was said, which models were called for it, and when. */
export class ChatSimulation {
  readonly writer: ChatWriter;
  readonly #character: ChatCharacter;
  readonly #history = new ChatHistory();
  readonly #cache = new PromptCache();
  readonly #tools: readonly NormalizedTool[];
  readonly #system: NormalizedMessage;

  constructor(character: ChatCharacter, { delegates = false } = {}) {
    const { topic, facts } = character;
    const names = [...topic.tools, ...(delegates ? [DELEGATE] : [])];
    this.#character = character;
    this.#tools = toolDefinitions(names);
    this.#system = message("system", topic.tools.length === 0 ? phrases.ASSISTANT_PROMPT : phrases.AGENT_PROMPT);
    this.writer = new ChatWriter(topic, facts);
  }

  get needsCompaction(): boolean {
    return this.#history.tooLong;
  }

  get hasTools(): boolean {
    return this.#tools.length > 0;
  }

  /** A chat turn: the model is called, its tools are used, and it is called again with what they answered. */
  turn(turn: Turn, random: Random): RecordedRun {
    const { main } = this.#character;
    this.#history.add("user", text(turn.question));
    const calls: RecordedCall[] = [];
    let moment = turn.startedAt;
    for (let number = 1; number <= turn.calls; number += 1) {
      const isLast = number === turn.calls;
      const answer = isLast ? this.#finalAnswer(random) : this.#toolUse(turn, number, random);
      const messages = [this.#system, ...this.#history.messages];
      const call = playCall(
        {
          model: main,
          operation: "stream",
          request: { ...this.#request(messages), tool_choice: "auto" },
          answer: answer.parts,
          outcome: isLast ? turn.outcome : "completed",
          startedAt: moment,
          cachedTokens: this.#cache.tokensAt(moment),
          ...(turn.seenAt !== undefined && { seenAt: turn.seenAt }),
        },
        random,
      );
      moment = Date.parse(call.updated_at);
      this.#cache.remember(messages, this.#tools, moment);
      if (call.status === "completed") this.#history.add("assistant", ...answer.parts);
      const used = answer.use(moment);
      calls.push(used === undefined ? call : withTools(call, used.tools));
      if (used !== undefined) {
        this.#history.add("tool", ...used.results);
        moment = used.endedAt;
      }
    }
    return recordRun(
      { chatId: this.#character.chatId, kind: "chat_turn", model: main, status: turn.outcome },
      calls,
      random,
    );
  }

  /** The title of the chat, written by the small model while the first turn is still running. */
  title(title: string, question: string, startedAt: number, random: Random): RecordedRun {
    return this.#single(
      "title_generation",
      [message("system", phrases.TITLE_PROMPT), message("user", question)],
      title,
      startedAt,
      random,
    );
  }

  suggestions(startedAt: number, random: Random): RecordedRun {
    const { messages: said } = this.#history;
    const exchange = [said.findLast(({ role }) => role === "user"), said.at(-1)].filter((part) => part !== undefined);
    const messages = [message("system", phrases.SUGGESTION_PROMPT), ...exchange];
    return this.#single("quickgen", messages, this.writer.suggestions(random), startedAt, random);
  }

  /** Sends the whole history once more for a summary, which takes its place. */
  compaction(startedAt: number, random: Random): RecordedRun {
    const summary = this.writer.summary(random);
    const messages = [...this.#history.messages, message("user", phrases.COMPACTION_PROMPT)];
    const run = this.#single("compaction", messages, summary, startedAt, random);
    this.#history.replaceBy(summary);
    this.#cache.forget();
    return run;
  }

  #single(
    kind: RunKind,
    messages: readonly NormalizedMessage[],
    answer: string,
    startedAt: number,
    random: Random,
  ): RecordedRun {
    const { chatId, main, small } = this.#character;
    const model = kind === "compaction" ? main : small;
    const request = {
      messages: [...messages],
      tools: [],
      options: { max_output_tokens: 1_024 },
      provider_option_count: 0,
    };
    const call = playCall(
      {
        model,
        operation: "generate",
        request,
        answer: [text(answer)],
        outcome: "completed",
        startedAt,
        cachedTokens: 0,
      },
      random,
    );
    return recordRun({ chatId, kind, model, status: "completed" }, [call], random);
  }

  #request(messages: readonly NormalizedMessage[]) {
    const options = { max_output_tokens: 8_192, temperature: 0.3 };
    return { messages: [...messages], tools: [...this.#tools], options, provider_option_count: 0 };
  }

  #finalAnswer(random: Random): Answer {
    return { parts: [...this.#thinking(random), text(this.writer.answer(random))], use: () => undefined };
  }

  #toolUse(turn: Turn, number: number, random: Random): Answer {
    const before = [...this.#thinking(random), text(this.writer.beforeTool(random))];
    if (number === 1 && turn.delegate !== undefined) return this.#delegation(turn.delegate, before, random);
    const { topic, facts } = this.#character;
    const uses = random.pickSome(topic.tools, random.chance(0.25) ? 2 : 1).map((name) => ({
      ...useTool(name, facts, random),
      callId: toolCallId(random),
    }));
    return {
      parts: [...before, ...uses.map(({ callId, name, input }) => toolCall(callId, name, input))],
      use: (moment) => ({
        results: uses.map(({ callId, name, output }) => toolResult(callId, name, output)),
        tools: uses.map(({ callId, name, durationMs }) => toolTimes(callId, name, moment, moment + durationMs)),
        endedAt: moment + Math.max(...uses.map(({ durationMs }) => durationMs)),
      }),
    };
  }

  #delegation(delegate: Delegation, before: NormalizedPart[], random: Random): Answer {
    const callId = toolCallId(random);
    const task = this.writer.task(random);
    return {
      parts: [...before, toolCall(callId, DELEGATE, { task })],
      use: (moment) => {
        const { answer, endedAt } = delegate(task, moment);
        const tools = [toolTimes(callId, DELEGATE, moment, endedAt)];
        return { results: [toolResult(callId, DELEGATE, answer)], tools, endedAt };
      },
    };
  }

  #thinking(random: Random): NormalizedPart[] {
    return this.#character.main.reasons ? [{ type: "reasoning", text: this.writer.thought(random) }] : [];
  }
}

/** What the model says, and what becomes of the tools that it calls. */
interface Answer {
  readonly parts: NormalizedPart[];
  readonly use: (moment: number) => { results: NormalizedPart[]; tools: object[]; endedAt: number } | undefined;
}

function text(content: string): NormalizedPart {
  return { type: "text", text: content };
}

function message(role: NormalizedMessage["role"], content: string): NormalizedMessage {
  return { role, parts: [text(content)] };
}

function toolCall(id: string, name: string, input: Record<string, string>): NormalizedPart {
  return { type: "tool-call", tool_call_id: id, tool_name: name, arguments: input };
}

function toolResult(id: string, name: string, output: unknown): NormalizedPart {
  return { type: "tool-result", tool_call_id: id, tool_name: name, result: output };
}

/** When a tool ran, as a recorder says it in the metadata of the step that asked for it. */
function toolTimes(id: string, name: string, startedAt: number, endedAt: number): object {
  return {
    tool_name: name,
    tool_call_id: id,
    status: "completed",
    started_at: new Date(startedAt).toISOString(),
    finished_at: new Date(endedAt).toISOString(),
    duration_ms: endedAt - startedAt,
  };
}

function withTools(call: RecordedCall, tools: readonly object[]): RecordedCall {
  return { ...call, metadata: { ...call.metadata, tools } };
}

function toolCallId(random: Random): string {
  return `call_${Buffer.from(random.bytes(9)).toString("base64url")}`;
}
