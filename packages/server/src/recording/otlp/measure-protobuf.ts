import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** How many messages a request may hold: spans by themselves, since they are the largest, and all together. */
export interface MessageLimits {
  readonly spans: number;
  readonly messages: number;
}

/**
 * Counts the messages in a protobuf body before any is made: two bytes are enough for a span without fields, so that a
 * body of a few megabytes could become gigabytes of objects.
 *
 * @returns which limit the body exceeds; undefined where none
 */
export function findExceededLimit(
  root: DescMessage,
  body: Uint8Array,
  { span, limits }: { span: DescMessage; limits: MessageLimits },
): keyof MessageLimits | undefined {
  const reader = new BinaryReader(body);
  const pending: { message: DescMessage; end: number }[] = [{ message: root, end: body.byteLength }];
  const left = { ...limits };
  // What is not well formed is left to the decoder, which says what is wrong.
  while (reader.pos < body.byteLength) {
    const current = pending.at(-1);
    if (current === undefined) return undefined;
    if (reader.pos >= current.end) {
      pending.pop();
      continue;
    }
    const [number, wireType] = reader.tag();
    const child = current.message.fields.find((field) => field.number === number)?.message;
    if (child === undefined || wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, number);
      continue;
    }
    const length = reader.uint32();
    left.messages -= 1;
    if (child === span) left.spans -= 1;
    if (left.spans < 0) return "spans";
    if (left.messages < 0) return "messages";
    pending.push({ message: child, end: Math.min(reader.pos + length, current.end) });
  }
  return undefined;
}
