import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { client } from "./client.ts";

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: ({ signal }) => client.people.listKeys({ signal }),
});

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => client.people.list({ signal }),
});

/** Whether one's own chats are recorded. */
export const userDebugLoggingQuery = queryOptions({
  queryKey: ["user-debug-logging"],
  queryFn: ({ signal }) => client.retention.getUserDebugLogging({ signal }),
});

/** Who changed what, a page at a time, newest first. */
export const auditQuery = infiniteQueryOptions({
  queryKey: ["audit"],
  queryFn: ({ signal, pageParam }) =>
    client.people.audit({ ...(pageParam === null ? {} : { before: pageParam }), signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_before,
});
