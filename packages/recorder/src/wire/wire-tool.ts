import type { NormalizedTool } from "@shelflife/api-contract";

import { type Json, isJsonObject, textOf } from "../snapshot.ts";

const DESCRIPTIONS = ["function", "custom"];
const NAMES = ["name", "server_label", "type"];
const SCHEMAS = ["parameters", "input_schema", "schema"];

/** The definition of a tool. Some providers describe it one level deeper; their own tools have a type and nothing else. */
export function wireTool(tool: Json): NormalizedTool[] {
  if (!isJsonObject(tool)) return [];
  const described = DESCRIPTIONS.map((field) => tool[field]).find(isJsonObject) ?? tool;
  const name = NAMES.map((field) => textOf(described, field)).find((text) => text !== undefined);
  const description = textOf(described, "description");
  const schema = SCHEMAS.map((field) => described[field]).find((value) => value !== undefined);
  return [
    {
      name: name ?? textOf(tool, "type") ?? "unknown",
      ...(description !== undefined && { description }),
      ...(schema !== undefined && { input_schema: schema }),
    },
  ];
}
