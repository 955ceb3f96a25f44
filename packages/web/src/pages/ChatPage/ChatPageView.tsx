import { Center, Tabs } from "@mantine/core";
import type { Chat, ChatChange } from "@shelflife/api-contract";
import { IconBug, IconMessages, IconPaperclip } from "@tabler/icons-react";
import type { JSX, ReactNode } from "react";

import type { ActionState } from "../../api/action-state.ts";
import type { DataState } from "../../api/data-state.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { PageHeading } from "../../components/PageHeading.tsx";
import { ChatHeader, type ChatHeaderProps } from "./ChatHeader.tsx";
import type { ChatTab } from "./chat-tabs.ts";
import { EditChatDialog } from "./EditChatDialog.tsx";

interface ChatPageViewProps extends Omit<ChatHeaderProps, "chat" | "onEdit"> {
  readonly state: DataState<Chat>;
  readonly tab: ChatTab;
  /** Whether its title and labels are being edited. */
  readonly editing: boolean;
  readonly saving: ActionState;
  readonly onTab: (tab: ChatTab) => void;
  readonly onEditing: (editing: boolean) => void;
  readonly onSave: (chat: Chat, changes: ChatChange) => void;
  /** What is in the tab that is open; the others are not loaded. */
  readonly children: ReactNode;
}

/** A conversation: what was said, its files, and what was recorded of it. */
export function ChatPageView(props: ChatPageViewProps): JSX.Element {
  const { state, tab, editing, saving, onTab, onEditing, onSave, children } = props;
  return (
    <>
      {/* The same heading throughout: it has the focus when the page has just been opened. */}
      <PageHeading>{state.kind === "ready" ? state.data.title : "Chat"}</PageHeading>
      <AsyncState state={state}>
        {(chat) => (
          <>
            <ChatHeader {...props} chat={chat} onEdit={() => onEditing(true)} />
            <EditChatDialog
              opened={editing}
              chat={chat}
              saving={saving}
              onSave={(changes) => onSave(chat, changes)}
              onClose={() => onEditing(false)}
            />
            <Tabs value={tab} onChange={(value) => onTab((value ?? "messages") as ChatTab)} keepMounted={false}>
              <Tabs.List mb="md">
                <Tabs.Tab value="messages" leftSection={<IconMessages size={16} aria-hidden />}>
                  Messages
                </Tabs.Tab>
                <Tabs.Tab value="files" leftSection={<IconPaperclip size={16} aria-hidden />}>
                  Files
                </Tabs.Tab>
                <Tabs.Tab value="debug" leftSection={<IconBug size={16} aria-hidden />}>
                  Debug
                </Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value={tab}>{children}</Tabs.Panel>
            </Tabs>
          </>
        )}
      </AsyncState>
      {state.kind === "not-found" && (
        <Center>
          <LinkButton to="/chats">Go to your chats</LinkButton>
        </Center>
      )}
    </>
  );
}
