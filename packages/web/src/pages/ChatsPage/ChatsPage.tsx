import { useDebouncedValue } from "@mantine/hooks";
import type { Chat, ChatChange } from "@shelflife/api-contract";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { type JSX, useState } from "react";

import { actionState } from "../../api/action-state.ts";
import { chatsQuery } from "../../api/chats.ts";
import { client } from "../../api/client.ts";
import { dataState } from "../../api/data-state.ts";
import { useLifeWindows } from "../../api/life-windows.ts";
import { ChatsPageView } from "./ChatsPageView.tsx";

/** Nobody waits for less while typing, in milliseconds. */
const SEARCH_DELAY_MS = 250;

export function ChatsPage(): JSX.Element {
  const queries = useQueryClient();
  const [archived, setArchived] = useState(false);
  const [search, setSearch] = useState("");
  const [settledSearch] = useDebouncedValue(search.trim(), SEARCH_DELAY_MS);
  const chats = useInfiniteQuery(chatsQuery({ archived, search: settledSearch }));
  const windows = useLifeWindows();
  const change = useMutation({
    mutationFn: ({ chat, changes }: { chat: Chat; changes: ChatChange }) => client.chats.change(chat.id, changes),
    onSettled: () => queries.invalidateQueries({ queryKey: ["chats"] }),
  });
  const pages = dataState(chats);
  return (
    <ChatsPageView
      state={pages.kind === "ready" ? { ...pages, data: pages.data.pages.flat() } : pages}
      archived={archived}
      search={search}
      windows={windows}
      changing={actionState(change)}
      more={chats.isFetchingNextPage ? "loading" : chats.hasNextPage ? "there" : "none"}
      onArchived={setArchived}
      onSearch={setSearch}
      onPin={(chat) => change.mutate({ chat, changes: { pin_order: chat.pin_order > 0 ? 0 : 1 } })}
      onArchive={(chat) => change.mutate({ chat, changes: { archived: !chat.archived } })}
      onMore={() => void chats.fetchNextPage()}
    />
  );
}
