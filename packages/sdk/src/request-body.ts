/** Below this size compression costs more than it saves. */
const GZIP_FROM_BYTES = 1024;

export interface RequestBody {
  content: Uint8Array<ArrayBuffer>;
  headers: Record<string, string>;
}

/** Renders a JSON body, compressed where that pays and the platform can (Node 18 and later, and every current browser). */
export async function jsonRequestBody(value: unknown, gzip: boolean): Promise<RequestBody> {
  const content = new TextEncoder().encode(JSON.stringify(value));
  const headers = { "Content-Type": "application/json" };
  if (!gzip || content.byteLength <= GZIP_FROM_BYTES || typeof CompressionStream === "undefined") {
    return { content, headers };
  }
  const compressed = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  return {
    content: new Uint8Array(await new Response(compressed).arrayBuffer()),
    headers: { ...headers, "Content-Encoding": "gzip" },
  };
}
