import { Skeleton } from "@mantine/core";
import type { Chat, ChatChange, ChatFile } from "@shelflife/api-contract";
import { type QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type JSX, lazy, Suspense, useState } from "react";

import { actionState } from "../../api/action-state.ts";
import { chatQuery, messagesQuery } from "../../api/chats.ts";
import { client } from "../../api/client.ts";
import { dataState } from "../../api/data-state.ts";
import { useLifeWindows } from "../../api/life-windows.ts";
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
  const windows = useLifeWindows();
  const [editing, setEditing] = useState(false);
  const change = useMutation(changeOptions(chatId, queries));
  const edit = useMutation(changeOptions(chatId, queries));
  const setEditingAnew = (open: boolean): void => {
    edit.reset();
    setEditing(open);
  };
  const save = ({ id }: Chat, changes: ChatChange): void => {
    const isSame = Object.keys(changes).length === 0;
    if (isSame) setEditingAnew(false);
    else edit.mutate({ id, changes }, { onSuccess: () => setEditingAnew(false) });
  };
  return (
    <ChatPageView
      state={dataState(chat)}
      tab={tab}
      windows={windows}
      changing={actionState(change)}
      editing={editing}
      saving={actionState(edit)}
      onTab={(chosen) => void navigate({ search: chosen === "messages" ? {} : { tab: chosen }, replace: true })}
      onEditing={setEditingAnew}
      onSave={save}
      onPin={({ id, pin_order }) => change.mutate({ id, changes: { pin_order: pin_order > 0 ? 0 : 1 } })}
      onArchive={({ id, archived }) => change.mutate({ id, changes: { archived: !archived } })}
    >
      {tab === "messages" && <Messages chatId={chatId} files={chat.data?.files ?? []} />}
      {tab === "files" && <FilesView files={chat.data?.files ?? []} />}
      {tab === "debug" && (
        <Suspense fallback={<Skeleton height={200} />}>
          <DebugPanel chatId={chatId} />
        </Suspense>
      )}
    </ChatPageView>
  );
}

/** Changes a chat, and asks anew for what shows it once that is through. */
function changeOptions(chatId: string, queries: QueryClient) {
  return {
    mutationFn: ({ id, changes }: { id: string; changes: ChatChange }) => client.chats.change(id, changes),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["chat", chatId] }),
        queries.invalidateQueries({ queryKey: ["chats"] }),
      ]),
  };
}

function Messages({ chatId, files }: { chatId: string; files: readonly ChatFile[] }): JSX.Element {
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
      files={files}
      more={messages.isFetchingNextPage ? "loading" : messages.hasNextPage ? "there" : "none"}
      onMore={() => void messages.fetchNextPage()}
    />
  );
}
