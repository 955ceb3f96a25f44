import type { NormalizedPart } from "@shelflife/api-contract";

import { fileByteLength } from "../file-bytes.ts";
import { type Json, type JsonObject, isJsonObject, textOf } from "../snapshot.ts";

/** Where the many shapes of a file part keep what describes the file. */
const CONTAINERS = ["source", "file", "image_url", "input_audio", "audio"];
const CONTENTS = ["data", "file_data", "url", "image_url", "file_url"];
const MEDIA_TYPES = ["media_type", "mime_type", "mimeType", "mediaType"];
const NAMES = ["filename", "name", "title"];

const DATA_URL = /^data:([^,;]*)/i;

/** A file that a message brings along: its name, its media type, its length or its address, and never its content. */
export function wireFile(part: JsonObject): NormalizedPart {
  const container = CONTAINERS.map((field) => part[field]).find(isJsonObject) ?? part;
  const content = first(container, CONTENTS) ?? first(part, CONTENTS);
  const name = first(container, NAMES) ?? first(part, NAMES);
  const mediaType = mediaTypeOf(container, content);
  const isLink = content !== undefined && /^https?:/i.test(content);
  const length = content === undefined || isLink ? undefined : lengthOf(container, content);
  return {
    type: "file",
    ...(isLink && { text: content }),
    ...(name !== undefined && { filename: name }),
    ...(mediaType !== undefined && { media_type: mediaType }),
    ...(length !== undefined && { length }),
  };
}

function mediaTypeOf(container: JsonObject, content: string | undefined): string | undefined {
  const format = textOf(container, "format");
  const fromDataUrl = content === undefined ? undefined : DATA_URL.exec(content)?.[1];
  return first(container, MEDIA_TYPES) ?? (fromDataUrl || (format && `audio/${format}`) || undefined);
}

/** A plain text document is not encoded. */
function lengthOf(container: JsonObject, content: string): number | undefined {
  return textOf(container, "type") === "text" ? Buffer.byteLength(content) : fileByteLength(content);
}

function first(object: JsonObject, fields: string[]): string | undefined {
  return fields.map((field): Json | undefined => object[field]).find((value) => typeof value === "string");
}
