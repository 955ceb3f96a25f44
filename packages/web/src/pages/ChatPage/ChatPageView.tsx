import { Badge, Button, Group, Tabs, Text } from "@mantine/core";
import type { Chat } from "@shelflife/api-contract";
import { IconArchive, IconArchiveOff, IconBug, IconMessages, IconPaperclip } from "@tabler/icons-react";
import type { JSX, ReactNode } from "react";

import type { ActionState } from "../../api/action-state.ts";
import type { DataState } from "../../api/data-state.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { expiryOf } from "../../components/expiry.ts";
import { PageHeading } from "../../components/PageHeading.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";
import { TimeText } from "../../components/TimeText.tsx";
import type { ChatTab } from "./chat-tabs.ts";

interface ChatPageViewProps {
  readonly state: DataState<Chat>;
  readonly tab: ChatTab;
  readonly retentionDays: number | undefined;
  readonly changing: ActionState;
  readonly onTab: (tab: ChatTab) => void;
  readonly onArchive: (chat: Chat) => void;
  /** What is in the tab that is open; the others are not loaded. */
  readonly children: ReactNode;
}

/** A conversation: what was said, its files, and what was recorded of it. */
export function ChatPageView(props: ChatPageViewProps): JSX.Element {
  const { state, tab, onTab, children } = props;
  return (
    <AsyncState state={state}>
      {(chat) => (
        <>
          <PageHeading>{chat.title}</PageHeading>
          <Header {...props} chat={chat} />
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
  );
}

function Header({ chat, retentionDays, changing, onArchive }: ChatPageViewProps & { chat: Chat }): JSX.Element {
  const expiry = expiryOf(chat.archived_at, retentionDays);
  const isRoot = chat.root_chat_id === undefined;
  return (
    <>
      <Group justify="space-between" mb="md">
        <Text size="sm" c="dimmed">
          Updated <TimeText time={chat.updated_at} format="relative" />
          {chat.archived && (
            <>
              {" · "}
              <Badge variant="light" color="gray" tt="none" component="span">
                Archived
              </Badge>
              {expiry !== null && (
                <>
                  {" deleted "}
                  <TimeText time={expiry} format="relative" />
                </>
              )}
            </>
          )}
        </Text>
        {isRoot && (
          <Button
            variant="default"
            loading={changing.kind === "busy"}
            leftSection={
              chat.archived ? <IconArchiveOff size={16} aria-hidden /> : <IconArchive size={16} aria-hidden />
            }
            onClick={() => onArchive(chat)}
          >
            {chat.archived ? "Unarchive" : "Archive"}
          </Button>
        )}
      </Group>
      {changing.kind === "failed" && <ProblemAlert problem={changing.problem} />}
    </>
  );
}
