import fc from "fast-check";

/** Texts that are easily lost on the way: line separators, halves of characters, control characters, odd keys. */
const ODD_TEXTS = [
  "\u2028\u2029",
  "\ud800",
  "a\udc00b",
  "\u00010\u0002",
  '\u0003{"messages":[1]}\u0004',
  "line\nbreak\r\n\t",
  "\u{1f600}\u00e9\u00df",
  "__proto__",
  "constructor",
  "\\u0000 is no U+0000 \\\\",
  '"quoted" and {braced} [bracketed], ',
];

/** Any text that is accepted: U+0000 is refused at the door. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }).map((any) => any.replaceAll("\0", "?")),
  fc.constantFrom(...ODD_TEXTS),
  // Long enough to be stored once by itself, and from few enough to be repeated.
  fc
    .tuple(fc.constantFrom(...ODD_TEXTS), fc.constantFrom(130, 200, 12_000))
    .map(([odd, length]) => `${odd} says `.repeat(Math.ceil(length / 7)).slice(0, length)),
);

const key = fc.oneof(fc.constantFrom("__proto__", "constructor", "toJSON", "0", "10", "2", "role", "text", ""), text);

const number = fc.oneof(
  fc.double({ noNaN: true }),
  fc.constantFrom(-0, 1e21, 123_456_789_012_345_680_000, 5e-324, Number.MAX_SAFE_INTEGER, 0.1),
);

/** Any JSON value. */
export const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(text, number, fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((entries) => ownMembers(entries)),
  ),
})).value;

/** `Object.fromEntries` takes `__proto__` for a member like any other, as `JSON.parse` does. */
function ownMembers(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries);
}

const message = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      role: fc.constantFrom("user", "assistant", "tool"),
      parts: fc.array(fc.record({ type: fc.constant("text"), text }), { maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: json },
);

/** Lists that repeat one another, as the requests of one run do: beginnings of one history, and histories of their own. */
function histories(count: number): fc.Arbitrary<unknown[][]> {
  return fc
    .tuple(
      fc.array(message, { maxLength: 8 }),
      fc.array(fc.record({ shared: fc.nat(8), own: fc.array(fc.nat(7), { maxLength: 4 }) }), {
        minLength: count,
        maxLength: count,
      }),
    )
    .map(([pool, picks]) =>
      picks.map(({ shared, own }) => [
        ...pool.slice(0, shared),
        ...own.flatMap((index) => pool.slice(index, index + 1)),
      ]),
    );
}

/** Requests of one run, in the shape that a recorder gives them or in an odd one. */
export function requests(count: number): fc.Arbitrary<Record<string, unknown>[]> {
  const around = fc.record({
    before: fc.constantFrom("", "model", "10", "__proto__"),
    extra: json,
    shape: fc.constantFrom("recorded", "recorded", "recorded", "no lists", "lists elsewhere"),
  });
  return fc
    .tuple(histories(count), histories(count), fc.array(around, { minLength: count, maxLength: count }))
    .map(([messages, tools, surroundings]) =>
      surroundings.map(({ before, extra, shape }, index) => {
        if (shape === "no lists")
          return ownMembers([
            ["messages", extra],
            ["tools", null],
          ]);
        if (shape === "lists elsewhere")
          return ownMembers([
            ["options", { messages: messages[index] }],
            ["stop", tools[index]],
          ]);
        return ownMembers([
          [before, extra],
          ["messages", messages[index]],
          ["tools", tools[index]],
          ["options", {}],
        ]);
      }),
    );
}

/** Raw bodies that say the same: as objects, as texts in the spacing of several languages, and as text that was cut. */
export function rawBody(request: Record<string, unknown>, form: number): unknown {
  const compact = JSON.stringify(request);
  switch (form) {
    case 0:
      return request;
    case 1:
      return compact;
    case 2:
      return JSON.stringify(request, null, 2);
    case 3:
      return compact.replaceAll('","', '", "').replaceAll("},{", "}, {");
    default:
      return `${compact.slice(0, Math.floor((compact.length * (form % 100)) / 100))}[TRUNCATED]`;
  }
}
