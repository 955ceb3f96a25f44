import type { AttemptRecording } from "./attempt-recording.ts";
import type { HttpListener } from "./http-exchange.ts";
import type { OperationRecording } from "./operation-recording.ts";

type HttpRequest = Parameters<HttpListener["requested"]>[0];
type HttpResponse = Parameters<HttpListener["responded"]>[0];

/**
 * The tries of a call that the AI SDK tells of only as a whole: one that failed is known by the same request being sent
 * once more.
 */
export class ObjectTries implements HttpListener {
  readonly #operation: OperationRecording;
  readonly #attempts: AttemptRecording[] = [];
  #sent: HttpRequest | undefined;
  #status: number | undefined;
  #answered = false;

  constructor(operation: OperationRecording) {
    this.#operation = operation;
    this.#start();
  }

  get listens(): boolean {
    return this.#last?.listens ?? false;
  }

  requested(request: HttpRequest): void {
    const isSame = this.#sent?.method === request.method && this.#sent.url === request.url;
    if (isSame && (this.#status === undefined || this.#status >= 400)) {
      // Why, the application is told where the call fails in the end, and nobody otherwise.
      this.#last?.finish("error");
      this.#start();
    }
    this.#sent = request;
    this.#status = undefined;
    this.#last?.requested(request);
  }

  responded(response: HttpResponse): void {
    this.#status = response.status;
    this.#last?.responded(response);
  }

  answered(result: unknown): void {
    this.#answered = true;
    this.#last?.answered(result);
  }

  /** The call failed: the last tries with an error each. What was answered and is of no use is no failed try. */
  failed(errors: unknown[]): void {
    if (this.#answered) return;
    const earlier = Math.max(0, this.#attempts.length - errors.length);
    for (const [index, error] of errors.entries()) {
      const attempt = this.#attempts[earlier + index] ?? this.#start(false);
      if (attempt) this.#operation.attemptFailed(attempt, error);
    }
  }

  get #last(): AttemptRecording | undefined {
    return this.#attempts.at(-1);
  }

  /** @param timed false for a try that is only known by its outcome */
  #start(timed = true): AttemptRecording | undefined {
    const attempt = this.#operation.attemptStarted(timed);
    if (attempt) this.#attempts.push(attempt);
    return attempt;
  }
}
