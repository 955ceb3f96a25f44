import { detailsOf, copyRequest } from "./ai-sdk-events.ts";
import { listenToHttpFromHere } from "./http-exchange.ts";
import { responseDetails } from "./model-content.ts";
import { readField } from "./normalize-error.ts";
import { countProviderOptions } from "./normalize-request.ts";
import { ObjectTries } from "./object-tries.ts";
import type { OperationRecording } from "./operation-recording.ts";
import { type Json, type JsonObject, snapshot } from "./snapshot.ts";

/** `generateObject` and `streamObject`, of which the AI SDK tells little: one model call, its start and its end. */
export class ObjectRecording {
  readonly #operation: OperationRecording;
  readonly #start: JsonObject;
  #tries: ObjectTries | undefined;

  /** @param start the event of the operation's start, which has the settings */
  constructor(operation: OperationRecording, start: unknown) {
    this.#operation = operation;
    const { instructions: _instructions, messages: _messages, ...settings } = copyRequest(start);
    this.#start = { ...settings, responseFormat: responseFormatOf(start) };
  }

  stepStarted(event: unknown): void {
    const providerOptionCount = countProviderOptions(readField(event, "providerOptions"));
    this.#operation.stepStarted({ ...this.#start, providerOptionCount });
    this.#operation.requested({ messages: snapshot(readField(event, "promptMessages")) });
    this.#tries = new ObjectTries(this.#operation);
    listenToHttpFromHere(this.#tries);
  }

  stepEnded(event: unknown): void {
    this.#tries?.answered({ request: readField(event, "request"), response: readField(event, "response") });
    const details = { ...detailsOf(event), ...responseDetails(readField(event, "response")) };
    const firstOutput = readField(event, "msToFirstChunk");
    if (typeof firstOutput === "number") Object.assign(details, { time_to_first_output_ms: Math.round(firstOutput) });
    this.#operation.stepAnswered(resultOf(event), details);
  }

  finished(event: unknown): void {
    const error = readField(event, "error");
    if (error === undefined || error === null) this.#operation.finished();
    else this.#operation.broke(error);
  }

  broke(error: unknown): void {
    const errors = readField(error, "errors");
    this.#tries?.failed(Array.isArray(errors) ? errors : [error]);
    this.#operation.broke(error);
  }
}

function responseFormatOf(start: unknown): Json {
  return snapshot({
    type: "json",
    schema: readField(start, "schema"),
    name: readField(start, "schemaName"),
    description: readField(start, "schemaDescription"),
  });
}

/** The text is the object's JSON as the model wrote it. A stream without a finish part ends without a reason. */
function resultOf(event: unknown): JsonObject {
  const reasoning = readField(event, "reasoning");
  const text = readField(event, "objectText");
  const usage = snapshot(readField(event, "usage"));
  const reason = snapshot(readField(event, "finishReason"));
  const brokenOff = reason === "other" && typeof readField(usage, "outputTokens") !== "number";
  return {
    content: [
      ...(typeof reasoning === "string" ? [{ type: "reasoning", text: reasoning }] : []),
      ...(typeof text === "string" && text !== "" ? [{ type: "text", text }] : []),
    ],
    finishReason: brokenOff ? "interrupted" : reason,
    usage,
    warnings: snapshot(readField(event, "warnings")),
  };
}
