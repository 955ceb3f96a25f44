import { codeOf } from "../coded-error.ts";
import type { RequestContext } from "./environment.ts";

/**
 * Answers with a JSON document that is made piece by piece, as fast as the client takes it, so that memory is needed for
 * a piece and never for the whole. Where the client goes away, the making ends.
 *
 * What fails once the answer has begun breaks the connection: nobody may take half a document for a whole one.
 */
export function streamJson(context: RequestContext, pieces: AsyncGenerator<string, void>): Response {
  const encoder = new TextEncoder();
  let isLeft = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (isLeft) return;
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        context
          .get("log")
          .error({ code: codeOf(error), err: error, path: context.req.routePath }, "an answer broke off");
        controller.error(new Error("The answer broke off."));
      }
    },
    async cancel() {
      isLeft = true;
      await pieces.return();
    },
  });
  return context.body(body, 200, { "Content-Type": "application/json" });
}
