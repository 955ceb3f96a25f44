import { Anchor, Badge, Button, Card, Group, Stack, Text } from "@mantine/core";
import type { ChatFile, ChatMessage, QueuedMessage } from "@shelflife/api-contract";
import { IconMessages } from "@tabler/icons-react";
import type { JSX } from "react";

import { fileAddress } from "../../api/chats.ts";
import type { DataState } from "../../api/data-state.ts";
import { AsyncState } from "../../components/AsyncState.tsx";
import { Message } from "../../components/Message.tsx";
import { TimeText } from "../../components/TimeText.tsx";

interface MessagesViewProps {
  /** Oldest first. */
  readonly state: DataState<{ readonly messages: readonly ChatMessage[]; readonly queued: readonly QueuedMessage[] }>;
  /** The chat's files, whose names the links to them bear. */
  readonly files: readonly ChatFile[];
  readonly more: "none" | "there" | "loading";
  readonly onMore: () => void;
}

export function MessagesView({ state, files, more, onMore }: MessagesViewProps): JSX.Element {
  const fileNames = new Map(files.map(({ id, name }) => [id, name]));
  return (
    <AsyncState
      state={state}
      empty={{
        when: ({ messages, queued }) => messages.length + queued.length === 0,
        show: (
          <Message icon={<IconMessages />} title="No messages">
            What was recorded of this conversation stands under Debug.
          </Message>
        ),
      }}
    >
      {({ messages, queued }) => (
        <Stack>
          {more !== "none" && (
            <Button variant="default" loading={more === "loading"} onClick={onMore}>
              Show older messages
            </Button>
          )}
          <Stack component="ol" gap="sm" p={0} m={0} style={{ listStyle: "none" }} aria-label="Messages">
            {messages.map((message) => (
              <MessageCard key={message.id} message={message} fileNames={fileNames} />
            ))}
            {queued.map((message) => (
              <MessageCard
                key={`queued-${message.id}`}
                message={{ ...message, role: "user" }}
                queued
                fileNames={fileNames}
              />
            ))}
          </Stack>
        </Stack>
      )}
    </AsyncState>
  );
}

interface MessageCardProps {
  readonly message: Pick<ChatMessage, "role" | "content" | "created_at">;
  readonly queued?: boolean;
  readonly fileNames: ReadonlyMap<string, string>;
}

function MessageCard({ message, queued = false, fileNames }: MessageCardProps): JSX.Element {
  const { role, content } = message;
  return (
    <Card component="li" withBorder padding="sm">
      <Group gap="xs" mb={4}>
        <Badge variant="light" color={role === "user" ? "indigo" : "gray"} tt="none">
          {role}
        </Badge>
        {queued && (
          <Badge variant="light" color="yellow" tt="none">
            waiting
          </Badge>
        )}
        <Text size="xs" c="dimmed">
          <TimeText time={message.created_at} />
        </Text>
      </Group>
      {content.map((part, index) => (
        <Part key={index} part={part} fileNames={fileNames} />
      ))}
    </Card>
  );
}

/** A part of a message; a kind that this page does not know is named and not shown. */
function Part({
  part,
  fileNames,
}: {
  readonly part: ChatMessage["content"][number];
  readonly fileNames: ReadonlyMap<string, string>;
}): JSX.Element {
  const { text, file_id: fileId } = part;
  if (typeof text === "string") {
    return <Text style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{text}</Text>;
  }
  if (typeof fileId === "string") {
    return (
      <Anchor href={fileAddress(fileId)} style={{ overflowWrap: "anywhere" }}>
        {fileNames.get(fileId) ?? "File"}
      </Anchor>
    );
  }
  return (
    <Text size="sm" c="dimmed">
      {part.type}
    </Text>
  );
}
