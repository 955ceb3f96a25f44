import type { Chat } from "@shelflife/api-contract";

import type { LifeWindows } from "../../api/life-windows.ts";

export const SAMPLE_WINDOWS: LifeWindows = { retentionDays: 30, autoArchiveDays: 0, debugDays: 30 };

/** A conversation without anything unusual. */
export function sampleChat(changes: Partial<Chat> = {}): Chat {
  return {
    id: "01990000-0000-7000-8000-000000000001",
    organization_id: "01990000-0000-7000-8000-000000000007",
    owner_id: "01990000-0000-7000-8000-000000000008",
    title: "Two cents on an invoice",
    status: "completed",
    created_at: "2026-11-20T12:00:00.000Z",
    updated_at: "2026-11-22T11:00:00.000Z",
    archived: false,
    pin_order: 0,
    labels: { team: "billing" },
    has_unread: false,
    last_activity_at: "2026-11-22T11:00:00.000Z",
    children: [],
    ...changes,
  };
}
