import { Anchor, Badge, Button, Group, Stack, Text } from "@mantine/core";
import type { Chat } from "@shelflife/api-contract";
import { IconArchive, IconArchiveOff, IconPencil, IconPin, IconPinnedOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";

import type { ActionState } from "../../api/action-state.ts";
import type { LifeWindows } from "../../api/life-windows.ts";
import { fateOf } from "../../components/chat-fate.ts";
import { ChatFateText } from "../../components/ChatFateText.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";
import { TimeText } from "../../components/TimeText.tsx";

export interface ChatHeaderProps {
  readonly chat: Chat;
  readonly windows: LifeWindows;
  /** Where pinning or archiving it stands. */
  readonly changing: ActionState;
  readonly onPin: (chat: Chat) => void;
  readonly onArchive: (chat: Chat) => void;
  readonly onEdit: () => void;
}

/** What is known of a conversation as a whole, what can be done with it, and where its family is. */
export function ChatHeader(props: ChatHeaderProps): JSX.Element {
  const { chat, changing } = props;
  return (
    <Stack gap="xs" mb="md">
      {chat.root_chat_id !== undefined && (
        <Text size="sm">
          A sub-chat. <ChatLink chatId={chat.root_chat_id}>Go to its main chat</ChatLink>
        </Text>
      )}
      <Group justify="space-between" align="flex-start" gap="sm">
        <Facts {...props} />
        <Actions {...props} />
      </Group>
      {changing.kind === "failed" && <ProblemAlert problem={changing.problem} />}
      {chat.children.length > 0 && (
        <Group gap="2 12" component="ul" p={0} m={0} style={{ listStyle: "none" }} aria-label="Sub-chats">
          <Text component="li" size="sm" c="dimmed" aria-hidden>
            Sub-chats:
          </Text>
          {chat.children.map((child) => (
            <li key={child.id}>
              <ChatLink chatId={child.id}>{child.title}</ChatLink>
            </li>
          ))}
        </Group>
      )}
    </Stack>
  );
}

function ChatLink({ chatId, children }: { chatId: string; children: ReactNode }): JSX.Element {
  return (
    <Anchor
      size="sm"
      underline="always"
      renderRoot={(rest) => <Link to="/chats/$chatId" params={{ chatId }} {...rest} />}
    >
      {children}
    </Anchor>
  );
}

function Facts({ chat, windows }: ChatHeaderProps): JSX.Element {
  return (
    <Stack gap={4} miw={0} maw="100%">
      <Text size="sm" c="dimmed">
        Updated <TimeText time={chat.updated_at} format="relative" />
        <ChatFateText fate={fateOf(chat, windows)} />
      </Text>
      <Group gap={6} maw="100%">
        {chat.archived && (
          <Badge variant="light" color="gray" tt="none">
            Archived
          </Badge>
        )}
        {chat.pin_order > 0 && (
          <Badge variant="light" tt="none" leftSection={<IconPin size={12} aria-hidden />}>
            Pinned
          </Badge>
        )}
        {Object.entries(chat.labels).map(([name, value]) => (
          <Badge key={name} variant="default" tt="none" maw="100%">
            {name}: {value}
          </Badge>
        ))}
      </Group>
    </Stack>
  );
}

/** Only the root of a family is pinned and archived. */
function Actions({ chat, changing, onPin, onArchive, onEdit }: ChatHeaderProps): JSX.Element {
  const isRoot = chat.root_chat_id === undefined;
  const isPinned = chat.pin_order > 0;
  // Not disabled, which would take the focus away from whoever uses the keyboard.
  const busy = changing.kind === "busy";
  return (
    <Group gap="xs">
      <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={onEdit}>
        Edit
      </Button>
      {isRoot && !chat.archived && (
        <Button
          variant="default"
          aria-disabled={busy}
          leftSection={isPinned ? <IconPinnedOff size={16} aria-hidden /> : <IconPin size={16} aria-hidden />}
          onClick={() => busy || onPin(chat)}
        >
          {isPinned ? "Unpin" : "Pin"}
        </Button>
      )}
      {isRoot && (
        <Button
          variant="default"
          aria-disabled={busy}
          leftSection={chat.archived ? <IconArchiveOff size={16} aria-hidden /> : <IconArchive size={16} aria-hidden />}
          onClick={() => busy || onArchive(chat)}
        >
          {chat.archived ? "Unarchive" : "Archive"}
        </Button>
      )}
    </Group>
  );
}
