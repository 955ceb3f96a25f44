import type { z } from "zod";

/** The units of what has a size. */
const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ["character", "characters"],
  array: ["entry", "entries"],
};

const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a text",
};

const FORMATS: Readonly<Record<string, string>> = {
  datetime: "a time as RFC 3339 has it, in UTC",
  email: "an e-mail address",
  guid: "a UUID",
  uuid: "a UUID",
};

/**
 * Says of a value what it must be, in words that continue its field: "must be one of member, auditor, owner". Undefined
 * where there is no better word for it than the library's own.
 */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  // What a schema has left out is given as undefined.
  if (issue.input === undefined && issue.code !== "custom") return "is missing";
  switch (issue.code) {
    case "invalid_type":
      return must(TYPES[issue.expected]);
    case "invalid_format":
      return must(FORMATS[issue.format]);
    case "invalid_value":
      return must(oneOf(issue.values));
    case "invalid_union":
      return must(oneOf(optionsOf(issue)));
    case "too_small":
      return bound("at least", issue.minimum, issue.origin);
    case "too_big":
      return bound("at most", issue.maximum, issue.origin);
    case "invalid_key":
      return issue.issues[0] && `its name ${issue.issues[0].message}`;
    default:
      return undefined;
  }
}

function must(be: string | undefined): string | undefined {
  return be === undefined ? undefined : `must be ${be}`;
}

function oneOf(values: readonly unknown[]): string | undefined {
  if (values.length === 0) return undefined;
  return values.length === 1 ? String(values[0]) : `one of ${values.join(", ")}`;
}

/** What a union is told apart by may be. */
function optionsOf(issue: object): readonly unknown[] {
  return "options" in issue && Array.isArray(issue.options) ? issue.options : [];
}

function bound(word: string, limit: number | bigint, origin: string): string {
  const unit = UNITS[origin];
  return unit === undefined ? `must be ${word} ${limit}` : `must have ${word} ${limit} ${unit[limit === 1 ? 0 : 1]}`;
}
