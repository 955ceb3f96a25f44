import type { Json, JsonObject } from "../snapshot.ts";

/** A request's body as far as it can be had without touching what is sent. */
export type CapturedBody =
  | { kind: "none" }
  | { kind: "text"; text: string }
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "described"; description: Json };

export interface CapturedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: CapturedBody;
  /** How often the caller says that it has tried before; undefined where it does not say. */
  retryCount: number | undefined;
  /** A body that only comes with time replaces the one above. */
  laterBody: Promise<CapturedBody> | undefined;
}

/** Longer bodies are files, and a copy of them costs the application time. */
const LONGEST_BODY_BYTES = 4 * 1024 * 1024;

/** Copies what a call of `fetch` is about to send. May throw, for arguments that `fetch` would refuse as well. */
export function captureRequest(input: unknown, init: RequestInit | undefined): CapturedRequest {
  const request = isRequest(input) ? input : undefined;
  const headers = readHeaders(init?.headers ?? request?.headers);
  const given = init?.body ?? undefined;
  const isReadable = given === undefined && request?.body && !request.bodyUsed && isJson(headers);
  const count = headers.get("x-stainless-retry-count");
  return {
    method: methodOf(init?.method ?? request?.method ?? "GET"),
    url: request?.url ?? String(input),
    headers: Object.fromEntries(headers),
    body:
      given === undefined && request?.body ? notRecorded("the body of a Request that is no JSON") : captureBody(given),
    retryCount: count !== null && /^\d{1,4}$/.test(count) ? Number(count) : undefined,
    laterBody: isReadable ? readBranch(request.clone()) : undefined,
  };
}

function isRequest(input: unknown): input is Request {
  return typeof input === "object" && input !== null && "url" in input && "method" in input && "clone" in input;
}

/** What can be read but once is the request's. */
function readHeaders(given: RequestInit["headers"]): Headers {
  const isReadOnce = typeof given === "object" && "next" in given && typeof given.next === "function";
  return new Headers(isReadOnce ? undefined : given);
}

function isJson(headers: Headers): boolean {
  return /\bjson\b/i.test(headers.get("content-type") ?? "");
}

/** `fetch` puts these in upper case and leaves others as they are. */
function methodOf(method: string): string {
  return /^(?:get|head|post|put|delete|options)$/i.test(method) ? method.toUpperCase() : method;
}

function captureBody(body: unknown): CapturedBody {
  if (body === undefined || body === null) return { kind: "none" };
  if (typeof body === "string") return { kind: "text", text: body };
  if (body instanceof URLSearchParams) return { kind: "text", text: body.toString() };
  if (body instanceof ArrayBuffer) return captureBytes(new Uint8Array(body));
  if (ArrayBuffer.isView(body)) return captureBytes(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  if (body instanceof Blob) return described(describeBlob(body));
  if (body instanceof FormData) return described(describeForm(body));
  return notRecorded("a stream");
}

/** What the caller writes into its buffer afterwards is not what was sent. */
function captureBytes(bytes: Uint8Array): CapturedBody {
  if (bytes.byteLength > LONGEST_BODY_BYTES) return notRecorded(`${bytes.byteLength} bytes`);
  return { kind: "bytes", bytes: bytes.slice() };
}

function described(description: Json): CapturedBody {
  return { kind: "described", description };
}

/** No text, which a content type would be held against. */
function notRecorded(what: string): CapturedBody {
  return described({ not_recorded: what });
}

function describeBlob(blob: Blob): string {
  return `[FILE ${blob.type || "of no type"}, ${blob.size} BYTES]`;
}

function describeForm(form: FormData): JsonObject {
  const fields = new Map<string, Json>();
  for (const [name, value] of form) {
    const shown = typeof value === "string" ? value : describeBlob(value);
    const before = fields.get(name);
    if (before === undefined) fields.set(name, shown);
    else fields.set(name, Array.isArray(before) ? [...before, shown] : [before, shown]);
  }
  return Object.fromEntries(fields);
}

/** Reads a copy of the body beside the caller's own, and lets go of it where it is long. */
async function readBranch(branch: Request): Promise<CapturedBody> {
  const reader = branch.body?.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
    pieces.push(piece.value);
    length += piece.value.byteLength;
    if (length <= LONGEST_BODY_BYTES) continue;
    await reader?.cancel();
    return notRecorded("a body that is too long");
  }
  return { kind: "bytes", bytes: Buffer.concat(pieces) };
}

/** Whether two requests ask for the same; what cannot be compared is not told apart. */
export function isSameRequest(one: CapturedRequest, other: CapturedRequest): boolean {
  return one.method === other.method && one.url === other.url && isSameBody(one.body, other.body);
}

function isSameBody(one: CapturedBody, other: CapturedBody): boolean {
  if (one.kind === "text" && other.kind === "text") return one.text === other.text;
  if (one.kind === "bytes" && other.kind === "bytes") return Buffer.compare(one.bytes, other.bytes) === 0;
  return one.kind === other.kind;
}

export function pathOf(url: string): string {
  return URL.parse(url)?.pathname ?? url;
}
