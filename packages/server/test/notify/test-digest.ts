import { randomUUID } from "node:crypto";

import type { Digest } from "../../src/notify/digest.ts";

/** A digest of two chats and some more. */
export function testDigest(fields: Partial<Digest> = {}): Digest {
  return {
    id: randomUUID(),
    owner: { id: randomUUID(), email: "ana@example.com" },
    archivedAt: new Date("2026-03-01T00:00:00.000Z"),
    items: [
      { title: "Quarterly figures", lastActivity: new Date("2025-11-30T10:00:00.000Z") },
      { title: "Überraschung", lastActivity: new Date("2025-10-01T10:00:00.000Z") },
    ],
    further: 7,
    autoArchiveDays: 90,
    retentionDays: 30,
    ...fields,
  };
}
