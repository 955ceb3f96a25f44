import type { FileMediaType } from "@shelflife/api-contract";

const bytes = (base64: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(base64, "base64"));

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text));
}

/** The smallest files of each type that is taken: pictures of one pixel, and a few words. */
export const CONTENTS: Readonly<Record<FileMediaType, Uint8Array<ArrayBuffer>>> = {
  "image/png": bytes(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  ),
  "image/jpeg": bytes("/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////2Q=="),
  "image/gif": bytes("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
  "image/webp": bytes("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"),
  "text/plain": utf8("Grüße, 世界 😀\n"),
  "text/markdown": utf8("# Plans\n\n- deploy\n"),
  "text/csv": utf8("name,days\nruns,30\n"),
  "application/json": utf8('{"days": [30, 0]}'),
  "application/pdf": utf8("%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"),
};
