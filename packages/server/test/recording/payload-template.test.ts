import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cutAttempts, cutRequest, cutResponse } from "../../src/recording/cut-payload.ts";
import {
  expandTemplate,
  fullText,
  renderTemplate,
  type Chunk,
  type Template,
} from "../../src/recording/payload-template.ts";
import { splitAtElements } from "../../src/recording/split-at-elements.ts";
import { json, rawBody, requests, text } from "./arbitrary-payloads.ts";

/** Gives numbers to some of the chunks, and answers what a template reads as once it is put together again. */
function rebuild(template: Template, isKnown: (number: number) => boolean = () => true): string {
  const numbers = new Map<string, number>();
  const chunks: Chunk[] = [];
  let seen = 0;
  const numberOf = (chunk: Chunk): number | undefined => {
    const known = numbers.get(chunk.digest);
    if (known !== undefined || !isKnown((seen += 1))) return known;
    numbers.set(chunk.digest, chunks.push(chunk) - 1);
    return chunks.length - 1;
  };
  const rendered = renderTemplate(template, numberOf);
  const templates: string[] = [];
  for (const chunk of chunks) templates.push(renderTemplate(chunk.cut(), numberOf));
  const textOf = (number: number): string => expandTemplate(templates[number] ?? "?", textOf);
  return expandTemplate(rendered, textOf);
}

const members = (value: unknown): Record<string, unknown> => ({ value });

describe("a payload that is cut into chunks and put together again", () => {
  it("is the JSON text that it was, whatever it was", () => {
    fc.assert(
      fc.property(requests(1), json, fc.integer({ min: 0, max: 104 }), (list, other, form) => {
        const request = list[0] ?? {};
        const attempts = [{ number: 1, request_body: rawBody(request, form), response_body: other }, other];
        expect(rebuild(cutRequest(request))).toBe(JSON.stringify(request));
        expect(rebuild(cutResponse(other))).toBe(JSON.stringify(other));
        expect(rebuild(cutAttempts(attempts))).toBe(JSON.stringify(attempts));
        expect(fullText(cutAttempts(attempts))).toBe(JSON.stringify(attempts));
      }),
      { numRuns: 500 },
    );
  });

  it("is that too where only some of its chunks are known", () => {
    fc.assert(
      fc.property(
        requests(1),
        fc.integer({ min: 0, max: 104 }),
        fc.integer({ min: 1, max: 4 }),
        (list, form, every) => {
          const attempts = [{ request_body: rawBody(list[0] ?? {}, form), more: list[0] }];
          expect(rebuild(cutAttempts(attempts), (number) => number % every === 0)).toBe(JSON.stringify(attempts));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("leaves out members without a value, as JSON does", () => {
    const value = {
      messages: [undefined, { a: undefined, b: [undefined] }],
      gone: undefined,
      nested: { gone: undefined },
    };
    expect(rebuild(cutRequest(value))).toBe(JSON.stringify(value));
  });

  it("names neighbours by one range", () => {
    const messages = Array.from({ length: 40 }, (_, number) => ({
      role: "user",
      parts: [{ type: "text", text: `${number}`.padEnd(70) }],
    }));
    const numbers = new Map<string, number>();
    const rendered = renderTemplate(cutRequest({ messages }), ({ digest }) => {
      numbers.set(digest, numbers.get(digest) ?? numbers.size);
      return numbers.get(digest);
    });
    expect(rendered).toBe('{"messages":[\u00010-39\u0002]}');
  });
});

describe("a body's text", () => {
  it("is split at nothing but its own characters, whether or not it is JSON", () => {
    const pieces = fc.array(
      fc.constantFrom('{"a":[', "[", "]", "{", "}", ",", " ", '"', "\\", '"messages":', "x".repeat(5), "1"),
    );
    const anything = fc.oneof(
      text,
      pieces.map((parts) => `{"input":[${parts.join("")}`),
      json.map((value) => JSON.stringify(members(value))),
    );
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 20 }), (body, shortest) => {
        const split = splitAtElements(body, shortest);
        if (split === undefined) return;
        expect(split.map((piece) => (typeof piece === "string" ? piece : piece.join(","))).join("")).toBe(body);
        for (const element of split.flat()) expect(element).not.toContain("\n");
      }),
      { numRuns: 2_000 },
    );
  });

  it("is split at the elements of its lists, and at the last whole one where it was cut", () => {
    const body = '{"model":"m","input":[{"a":1},{"b":[2,3]}, "c,]" ,4],"tools":[[5],[6]],"rest":[{"cut":tr';
    expect(splitAtElements(body, 3)).toEqual([
      '{"model":"m","input":[',
      ['{"a":1}', '{"b":[2,3]}'],
      ", ",
      ['"c,]"'],
      ' ,4],"tools":[',
      ["[5]", "[6]"],
      '],"rest":[{"cut":tr',
    ]);
  });

  it("is split beside a string, whatever stands in it", () => {
    const list = '{"a":["x\\",[{\\\\",{"b":"]"}]}';
    expect(splitAtElements(list, 1)).toEqual(['{"a":[', ['"x\\",[{\\\\"', '{"b":"]"}'], "]}"]);
  });

  it.each([
    ["has no lists", '{"a":1}'],
    ["is no object", '[{"a":[1,2,3]}]'],
    ["has line breaks, which separate chunks", '{"a":[\n1234,\n5678]}'],
    ["has half a character, which UTF-8 cannot hold", '{"a":["\ud800",1234]}'],
  ])("stays whole where it %s", (_, body) => {
    expect(splitAtElements(body, 1)).toBeUndefined();
  });
});
