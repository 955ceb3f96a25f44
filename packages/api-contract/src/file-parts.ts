import { isRecord } from "./json-value.ts";

/** Where the parts of messages carry the bytes of a file, in the shapes that model libraries use. */
const CONTENT_FIELDS = [
  "data",
  "base64",
  "b64_json",
  "bytes",
  "file_data",
  "image",
  "uint8Array",
  "uint8ArrayData",
  "base64Data",
];

export interface FileLength {
  /** Bytes of the file; nothing where what stands there cannot be measured. */
  bytes: number | undefined;
}

/** The size of the file that a part carries; nothing for a part that carries none. */
export function fileLength(part: Record<string, unknown>): FileLength | undefined {
  for (const field of CONTENT_FIELDS) {
    const length = contentLength(part[field]);
    if (length !== undefined) return length;
  }
  return undefined;
}

/** The part with the size of its file in place of the file; a size that is there already stays. */
export function withoutFile(part: Record<string, unknown>, { bytes }: FileLength): Record<string, unknown> {
  const rest = Object.fromEntries(
    Object.entries(part).filter(
      ([field, value]) => !CONTENT_FIELDS.includes(field) || contentLength(value) === undefined,
    ),
  );
  return bytes === undefined ? rest : { length: bytes, ...rest };
}

function contentLength(content: unknown): FileLength | undefined {
  if (typeof content === "string") return { bytes: base64Length(content) };
  if (ArrayBuffer.isView(content) || content instanceof ArrayBuffer) return { bytes: content.byteLength };
  if (Array.isArray(content)) {
    return content.length > 0 && content.every((byte) => typeof byte === "number")
      ? { bytes: content.length }
      : undefined;
  }
  // This is how Node writes a Buffer as JSON.
  return isRecord(content) && content.type === "Buffer" ? contentLength(content.data) : undefined;
}

function base64Length(content: string): number | undefined {
  const base64 = content.slice(content.startsWith("data:") ? content.indexOf(",") + 1 : 0);
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(base64)) return undefined;
  return Math.floor((base64.replace(/=+$/, "").length * 3) / 4);
}
