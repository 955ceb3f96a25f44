import type { DebugRunSummary } from "@shelflife/api-contract";
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { client } from "./client.ts";

const CHATS_A_PAGE = 50;
const MESSAGES_A_PAGE = 100;

/** How often chats and messages are asked for while they are looked at, in milliseconds. */
const CHATS_INTERVAL_MS = 15_000;

/** How often the list of runs is asked for while it is looked at, in milliseconds. */
const RUNS_INTERVAL_MS = 5_000;

export interface ChatsFilter {
  readonly archived: boolean;
  readonly search: string;
}

/** One's own chats, a page at a time. */
export function chatsQuery({ archived, search }: ChatsFilter) {
  return infiniteQueryOptions({
    queryKey: ["chats", { archived, search }],
    queryFn: ({ signal, pageParam }) =>
      client.chats.list({
        archived,
        limit: CHATS_A_PAGE,
        ...(search === "" ? {} : { q: search }),
        ...(pageParam === null ? {} : { after_id: pageParam }),
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.length < CHATS_A_PAGE ? null : (page.at(-1)?.id ?? null)),
    // Applications record all the time, so that a list is old as soon as it is there.
    staleTime: 0,
    refetchInterval: CHATS_INTERVAL_MS,
    // What was found stays while a further letter is searched for.
    placeholderData: keepPreviousData,
  });
}

export function chatQuery(chatId: string) {
  return queryOptions({
    queryKey: ["chat", chatId],
    queryFn: ({ signal }) => client.chats.get(chatId, { signal }),
    refetchInterval: CHATS_INTERVAL_MS,
  });
}

/** A chat's messages from the newest page backwards. */
export function messagesQuery(chatId: string) {
  return infiniteQueryOptions({
    queryKey: ["messages", chatId],
    refetchInterval: CHATS_INTERVAL_MS,
    queryFn: ({ signal, pageParam }) =>
      client.chats.listMessages(chatId, {
        limit: MESSAGES_A_PAGE,
        ...(pageParam === null ? {} : { before_id: pageParam }),
        signal,
      }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.has_more ? (page.messages[0]?.id ?? null) : null),
  });
}

/** The newest runs of a chat, asked for again while somebody looks. */
export function runsQuery(chatId: string) {
  return queryOptions({
    queryKey: ["runs", chatId],
    queryFn: ({ signal }) => client.listDebugRuns(chatId, { signal }),
    refetchInterval: RUNS_INTERVAL_MS,
  });
}

/**
 * A run with its steps, without what is large. It is asked for again while it goes on, and where the list has a later
 * state of it: a run that was taken for interrupted may yet be completed.
 */
export function runQuery({ chat_id: chatId, id: runId, updated_at: listed }: DebugRunSummary) {
  return queryOptions({
    queryKey: ["run", chatId, runId],
    queryFn: ({ signal }) => client.getDebugRunSkeleton(chatId, runId, { signal }),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && (data.status === "in_progress" || Date.parse(data.updated_at) < Date.parse(listed))
        ? RUNS_INTERVAL_MS
        : false,
  });
}

/** One step with its payloads, which are fetched only when it is opened. `version` is the step's last write. */
export function stepQuery(chatId: string, runId: string, step: { id: string; version: string }) {
  return queryOptions({
    queryKey: ["step", chatId, runId, step.id, step.version],
    queryFn: ({ signal }) => client.getDebugStep(chatId, runId, step.id, { signal }),
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}

export function chatExportAddress(chatId: string): string {
  return `/api/experimental/chats/${encodeURIComponent(chatId)}/debug/export`;
}

export function runExportAddress(chatId: string, runId: string): string {
  return `/api/experimental/chats/${encodeURIComponent(chatId)}/debug/runs/${encodeURIComponent(runId)}/export`;
}

export function fileAddress(fileId: string): string {
  return `/api/experimental/chats/files/${encodeURIComponent(fileId)}`;
}
