import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** What a child process can be asked to do, by name. Input and output travel as structured clones. */
export type Commands = Record<string, (input: never) => Promise<unknown>>;

interface Request {
  readonly number: number;
  readonly command: string;
  readonly input: unknown;
}

interface Answer {
  readonly number: number;
  readonly output?: unknown;
  readonly error?: string;
}

/** Runs in the child: answers what the parent asks, and ends when the parent is gone. */
export function answerCommands(commands: Commands): void {
  process.on("message", (message) => {
    const { number, command, input } = message as Request;
    void answer(commands, command, input).then((answered) => process.send?.({ number, ...answered }));
  });
  process.on("disconnect", () => process.exit());
}

async function answer(commands: Commands, command: string, input: unknown): Promise<Omit<Answer, "number">> {
  try {
    const work = commands[command];
    if (work === undefined) throw new Error(`There is no command ${command}.`);
    return { output: await work(input as never) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/**
 * A process of its own, so that what is measured in it shares neither an event loop nor a heap with anything else. It is
 * told what to do over the channel that `fork` opens.
 */
export class Child<Known extends Commands> implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #number = 0;

  constructor(script: URL, nodeOptions: readonly string[] = []) {
    this.#process = fork(script, { execArgv: [...process.execArgv, ...nodeOptions], serialization: "advanced" });
    this.#process.on("message", (message) => this.#settle(message as Answer));
    this.#process.on("exit", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${script.pathname} ended with ${code}.`));
    });
  }

  call<Name extends keyof Known & string>(command: Name, input: Parameters<Known[Name]>[0]): ReturnType<Known[Name]> {
    this.#number += 1;
    const answered = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#number, answered);
    this.#process.send({ number: this.#number, command, input });
    return answered.promise as ReturnType<Known[Name]>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }

  #settle({ number, output, error }: Answer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (error === undefined) waiting?.resolve(output);
    else waiting?.reject(new Error(error));
  }
}
