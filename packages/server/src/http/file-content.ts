import { FILE_MEDIA_TYPES, type FileMediaType } from "@shelflife/api-contract";
import { fileTypeFromBuffer } from "file-type";

/** Other names of the media types that are taken. */
const ALIASES: Readonly<Record<string, FileMediaType>> = {
  "image/jpg": "image/jpeg",
  "text/x-markdown": "text/markdown",
  "application/csv": "text/csv",
  "text/json": "application/json",
};

const OF_ENDING: Readonly<Record<string, FileMediaType>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  txt: "text/plain",
  md: "text/markdown",
  csv: "text/csv",
  json: "application/json",
  pdf: "application/pdf",
};

/** These have a signature at their beginning, by which they are known; the others are text. */
const WITH_SIGNATURE: ReadonlySet<string> = new Set<FileMediaType>([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "application/pdf",
]);

/** Nothing but a picture is shown in place: a browser runs nothing that stands in one. */
export function isPicture(mediaType: string): boolean {
  return mediaType.startsWith("image/") && WITH_SIGNATURE.has(mediaType);
}

/** The media type that a sender claims, by the ending of the name where none is given; undefined where it is not taken. */
export function claimedMediaType(contentType: string | undefined, name: string): FileMediaType | undefined {
  const claimed = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (claimed === "" || claimed === "application/octet-stream") {
    return OF_ENDING[/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ""];
  }
  return FILE_MEDIA_TYPES.find((mediaType) => mediaType === claimed) ?? ALIASES[claimed];
}

/** What keeps a content from being what it is claimed to be, in words for the sender; undefined where nothing does. */
export async function findMismatch(mediaType: FileMediaType, content: Uint8Array): Promise<string | undefined> {
  if (content.length === 0) return "The file is empty.";
  const signature = await signatureOf(content);
  if (WITH_SIGNATURE.has(mediaType)) {
    return signature === mediaType ? undefined : `The content is not that of a file of the type ${mediaType}.`;
  }
  if (signature !== undefined && (WITH_SIGNATURE.has(signature) || hasControlCharacters(content))) {
    return `The content is not text: it looks like ${signature}.`;
  }
  const text = decodeText(content);
  if (text === undefined) return "The content is not text in UTF-8.";
  if (mediaType === "application/json" && !isJson(text)) return "The content is not valid JSON.";
  return undefined;
}

async function signatureOf(content: Uint8Array): Promise<string | undefined> {
  const mime = (await fileTypeFromBuffer(content))?.mime;
  // A PNG that moves is a PNG.
  return mime === "image/apng" ? "image/png" : mime;
}

/** Whether there are bytes that no text has; many a text begins by chance with the few letters of some signature. */
function hasControlCharacters(content: Uint8Array): boolean {
  return content.some((byte) => byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d, 0x1b].includes(byte));
}

function decodeText(content: Uint8Array): string | undefined {
  if (content.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
