import { Skeleton } from "@mantine/core";
import type { Chat } from "@shelflife/api-contract";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type JSX, lazy, Suspense } from "react";

import { actionState } from "../../api/action-state.ts";
import { chatQuery, messagesQuery } from "../../api/chats.ts";
import { client } from "../../api/client.ts";
import { dataState } from "../../api/data-state.ts";
import { windowQuery } from "../../api/retention.ts";
import { ChatPageView } from "./ChatPageView.tsx";
import { FilesView } from "./FilesView.tsx";
import { MessagesView } from "./MessagesView.tsx";

const DebugPanel = lazy(async () => ({ default: (await import("./debug/DebugPanel.tsx")).DebugPanel }));

const route = getRouteApi("/signed-in/chats/$chatId");

export function ChatPage(): JSX.Element {
  const { chatId } = route.useParams();
  const { tab = "messages" } = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const chat = useQuery(chatQuery(chatId));
  const retentionDays = useQuery(windowQuery("retention-days")).data;
  const archive = useMutation({
    mutationFn: ({ id, archived }: Chat) => client.chats.change(id, { archived: !archived }),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["chat", chatId] }),
        queries.invalidateQueries({ queryKey: ["chats"] }),
      ]),
  });
  return (
    <ChatPageView
      state={dataState(chat)}
      tab={tab}
      retentionDays={retentionDays}
      changing={actionState(archive)}
      onTab={(chosen) => void navigate({ search: chosen === "messages" ? {} : { tab: chosen }, replace: true })}
      onArchive={(current) => archive.mutate(current)}
    >
      {tab === "messages" && <Messages chatId={chatId} />}
      {tab === "files" && <FilesView files={chat.data?.files ?? []} />}
      {tab === "debug" && (
        <Suspense fallback={<Skeleton height={200} />}>
          <DebugPanel chatId={chatId} />
        </Suspense>
      )}
    </ChatPageView>
  );
}

function Messages({ chatId }: { chatId: string }): JSX.Element {
  const messages = useInfiniteQuery(messagesQuery(chatId));
  const pages = dataState(messages);
  const state =
    pages.kind === "ready"
      ? {
          ...pages,
          data: {
            messages: pages.data.pages.toReversed().flatMap((page) => page.messages),
            queued: pages.data.pages[0]?.queued_messages ?? [],
          },
        }
      : pages;
  return (
    <MessagesView
      state={state}
      more={messages.isFetchingNextPage ? "loading" : messages.hasNextPage ? "there" : "none"}
      onMore={() => void messages.fetchNextPage()}
    />
  );
}
