import { type NormalizedError, truncateCharacters } from "@shelflife/api-contract";

import { type Json, isJsonObject, textOf } from "../snapshot.ts";

/** What a body says went wrong; undefined where it says nothing of the kind. */
export function wireError(body: Json | undefined): NormalizedError | undefined {
  if (!isJsonObject(body)) return undefined;
  const error = body["error"] ?? (body["type"] === "error" || body["object"] === "error" ? body : undefined);
  if (typeof error === "string" && error !== "") return { message: truncateCharacters(error) };
  if (!isJsonObject(error)) return undefined;
  const message = textOf(error, "message") ?? textOf(error, "detail") ?? "The provider does not say what went wrong.";
  const name = [textOf(error, "type"), textOf(error, "code"), textOf(error, "status")].find(
    (candidate) => candidate !== undefined && candidate !== "error",
  );
  return { ...(name !== undefined && { name }), message: truncateCharacters(message) };
}
