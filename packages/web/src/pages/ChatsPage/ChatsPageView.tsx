import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Card,
  Group,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import type { Chat } from "@shelflife/api-contract";
import { IconArchive, IconArchiveOff, IconMessages, IconPin, IconPinnedOff, IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import type { ActionState } from "../../api/action-state.ts";
import type { DataState } from "../../api/data-state.ts";
import type { LifeWindows } from "../../api/life-windows.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { fateOf } from "../../components/chat-fate.ts";
import { ChatFateText } from "../../components/ChatFateText.tsx";
import { Message } from "../../components/Message.tsx";
import { PageHeading } from "../../components/PageHeading.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";
import { TimeText } from "../../components/TimeText.tsx";
import classes from "./ChatsPage.module.css";

interface ChatsPageViewProps {
  readonly state: DataState<readonly Chat[]>;
  readonly archived: boolean;
  readonly search: string;
  readonly windows: LifeWindows;
  readonly changing: ActionState;
  readonly more: "none" | "there" | "loading";
  readonly onArchived: (archived: boolean) => void;
  readonly onSearch: (search: string) => void;
  readonly onPin: (chat: Chat) => void;
  readonly onArchive: (chat: Chat) => void;
  readonly onMore: () => void;
}

/** One's own conversations. */
export function ChatsPageView(props: ChatsPageViewProps): JSX.Element {
  const { state, archived, search, changing, more, onArchived, onSearch, onMore } = props;
  const { autoArchiveDays } = props.windows;
  return (
    <>
      <PageHeading>Chats</PageHeading>
      <Stack>
        <Group align="flex-end">
          <TextInput
            type="search"
            label="Search titles"
            flex="1 1 220px"
            leftSection={<IconSearch size={16} aria-hidden />}
            value={search}
            onChange={(event) => onSearch(event.currentTarget.value)}
          />
          <SegmentedControl
            aria-label="Which chats"
            data={[
              { value: "active", label: "Active" },
              { value: "archived", label: "Archived" },
            ]}
            value={archived ? "archived" : "active"}
            onChange={(value) => onArchived(value === "archived")}
          />
        </Group>
        {changing.kind === "failed" && <ProblemAlert problem={changing.problem} />}
        {!archived && autoArchiveDays !== undefined && autoArchiveDays > 0 && (
          <Text size="sm" c="dimmed">
            A chat without activity for {autoArchiveDays === 1 ? "a day" : `${autoArchiveDays} days`} is archived by
            itself, unless it is pinned or busy.
          </Text>
        )}
        <AsyncState
          state={state}
          empty={{
            when: (chats) => chats.length === 0,
            show: (
              <Message icon={<IconMessages />} title={emptyTitle(archived, search)}>
                {search === "" && !archived && "They appear here once an application has recorded some."}
              </Message>
            ),
          }}
        >
          {(chats) => (
            <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: "none" }} aria-label="Chats">
              {chats.map((chat) => (
                <ChatRow key={chat.id} chat={chat} {...props} />
              ))}
            </Stack>
          )}
        </AsyncState>
        {more !== "none" && (
          <Button variant="default" loading={more === "loading"} onClick={onMore}>
            Show more
          </Button>
        )}
      </Stack>
    </>
  );
}

function emptyTitle(archived: boolean, search: string): string {
  if (search !== "") return "No chat has such a title";
  return archived ? "Nothing is archived" : "No chats yet";
}

function ChatRow({ chat, windows, changing, onPin, onArchive }: ChatsPageViewProps & { chat: Chat }): JSX.Element {
  const isPinned = chat.pin_order > 0;
  // Not disabled, which would take the focus away from whoever uses the keyboard.
  const busy = changing.kind === "busy";
  return (
    <Card component="li" withBorder padding="sm">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Group gap="xs">
            <div style={{ overflowWrap: "anywhere" }}>
              {isPinned && <IconPin size={14} aria-label="Pinned" role="img" className={classes["pin"]} />}
              <Anchor
                fw={600}
                renderRoot={(rest) => <Link to="/chats/$chatId" params={{ chatId: chat.id }} {...rest} />}
              >
                {chat.title}
              </Anchor>
            </div>
            {chat.status !== "waiting" && chat.status !== "completed" && (
              <Badge variant="light" color={chat.status === "error" ? "red" : "blue"} tt="none">
                {chat.status.replaceAll("_", " ")}
              </Badge>
            )}
            {Object.entries(chat.labels).map(([name, value]) => (
              <Badge key={name} variant="default" tt="none" maw="100%">
                {name}: {value}
              </Badge>
            ))}
          </Group>
          <Text size="sm" c="dimmed" mt={4}>
            Updated <TimeText time={chat.updated_at} format="relative" />
            {chat.children.length > 0 &&
              `, ${chat.children.length === 1 ? "1 sub-chat" : `${chat.children.length} sub-chats`}`}
            <ChatFateText fate={fateOf(chat, windows)} />
          </Text>
        </div>
        <Group gap="xs" wrap="nowrap">
          {!chat.archived && (
            <ActionIcon
              variant="default"
              size="lg"
              aria-disabled={busy}
              aria-label={`${isPinned ? "Unpin" : "Pin"}: ${chat.title}`}
              onClick={() => busy || onPin(chat)}
            >
              {isPinned ? <IconPinnedOff size={18} aria-hidden /> : <IconPin size={18} aria-hidden />}
            </ActionIcon>
          )}
          <ActionIcon
            variant="default"
            size="lg"
            aria-disabled={busy}
            aria-label={`${chat.archived ? "Unarchive" : "Archive"}: ${chat.title}`}
            onClick={() => busy || onArchive(chat)}
          >
            {chat.archived ? <IconArchiveOff size={18} aria-hidden /> : <IconArchive size={18} aria-hidden />}
          </ActionIcon>
        </Group>
      </Group>
    </Card>
  );
}
