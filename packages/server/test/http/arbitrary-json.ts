import fc from "fast-check";

/** A schema as the document of the API holds it. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

/** Texts that some layer is known to stumble over. */
export const nastyText = fc.oneof(
  fc.constantFrom(
    "",
    "\0",
    "\ud800",
    "\udc00\ud800",
    "\\u0000",
    "__proto__",
    "constructor",
    "toString",
    "' OR 1=1 --",
    "%",
    "a:b",
    "archived:true",
    "infinity",
    "NaN",
    "1e999",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "\uFEFF",
    "😀".repeat(150),
    "x".repeat(5_000),
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
);

const nastyNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 0.5, 2 ** 31, 2 ** 31 - 1, 2 ** 53, -(2 ** 63), 2 ** 63, 1e21, 1e308, 5e-324),
  fc.maxSafeInteger(),
);

/** Anything that JSON can say. */
export const nastyJson: fc.Arbitrary<unknown> = fc.oneof(
  nastyText,
  nastyNumber,
  fc.constantFrom(null, true, false, [], {}, [[]], { toString: 1, valueOf: 1 }),
  fc.dictionary(nastyText, fc.oneof(nastyText, nastyNumber, fc.constant(null)), { maxKeys: 3 }),
  fc.jsonValue({ maxDepth: 3 }),
);

interface Sources {
  /** Ids that stand for something. */
  readonly ids: readonly string[];
  /** What a `$ref` names. */
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

/** Values that a schema describes, with now and then one in their midst that it does not. */
export function arbitraryOf(schema: JsonSchema, sources: Sources, depth = 0): fc.Arbitrary<unknown> {
  if (depth > 6) return nastyJson;
  return fc.oneof(
    { weight: 25, arbitrary: described(schema, sources, depth + 1) },
    { weight: 1, arbitrary: nastyJson },
  );
}

function described(schema: JsonSchema, sources: Sources, depth: number): fc.Arbitrary<unknown> {
  const inner = (part: JsonSchema): fc.Arbitrary<unknown> => arbitraryOf(part, sources, depth);
  if (schema.$ref !== undefined) return inner(sources.definitions[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined) return fc.oneof(...choices.map(inner));
  const [type] = [schema.type].flat();
  switch (type) {
    case "string":
      return describedText(schema, sources);
    case "integer":
    case "number":
      return fc.oneof(
        fc.integer({ min: Math.max(schema.minimum ?? 0, -1_000), max: Math.min(schema.maximum ?? 100, 5_000) }),
        nastyNumber,
      );
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(inner(schema.items ?? {}), { minLength: Math.min(schema.minItems ?? 0, 3), maxLength: 3 });
    case "object":
      return describedObject(schema, inner);
    default:
      return nastyJson;
  }
}

function describedText({ format }: JsonSchema, { ids }: Sources): fc.Arbitrary<unknown> {
  if (format === "uuid" || format === "guid") return fc.constantFrom(...ids);
  if (format === "date-time") return fc.constantFrom("2026-03-01T11:00:00Z", "2026-02-27T00:00:00.5+01:00");
  if (format === "email") return fc.constantFrom("somebody@example.com", "Somebody@Example.com");
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom("Hello", "x", ...ids) }, { weight: 1, arbitrary: nastyText });
}

function describedObject(schema: JsonSchema, inner: (part: JsonSchema) => fc.Arbitrary<unknown>) {
  const named = Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, part]) => [name, inner(part)]));
  const known = fc.record(named, { requiredKeys: [...(schema.required ?? [])].filter((name) => name in named) });
  const further = typeof schema.additionalProperties === "object" ? inner(schema.additionalProperties) : nastyJson;
  const unknownToo = fc
    .tuple(known, fc.dictionary(nastyText, further, { maxKeys: 2 }))
    .map(([fields, more]) => ({ ...more, ...fields }));
  const share = schema.properties === undefined ? 20 : 1;
  return fc.oneof({ weight: 10, arbitrary: known }, { weight: share, arbitrary: unknownToo });
}
