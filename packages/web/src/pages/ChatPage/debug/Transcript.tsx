import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { type JSX, useState } from "react";

import { formatCount } from "../../../components/format-number.ts";
import classes from "./debug.module.css";
import type { ShownMessage, ShownPart } from "./read-step.ts";

/** How many messages are shown at first: what came last is what the call was about. */
const SHOWN_AT_FIRST = 2;

/** What was sent to the model. */
export function Transcript({ messages }: { messages: readonly ShownMessage[] }): JSX.Element {
  const [all, setAll] = useState(false);
  if (messages.length === 0) return <Text size="sm">No messages were recorded.</Text>;
  const first = all ? 0 : Math.max(0, messages.length - SHOWN_AT_FIRST);
  return (
    <Stack gap="xs">
      {first > 0 && (
        <div>
          <Button size="compact-sm" variant="default" onClick={() => setAll(true)}>
            Show all {formatCount(messages.length)} messages
          </Button>
        </div>
      )}
      {messages.slice(first).map((message, index) => (
        <div key={first + index}>
          <Badge variant="light" color={message.role === "user" ? "indigo" : "gray"} tt="none">
            {message.role}
          </Badge>
          {message.parts.map((part, partIndex) => (
            <PartView key={partIndex} part={part} />
          ))}
        </div>
      ))}
    </Stack>
  );
}

/** A part of a message or of an answer. */
export function PartView({ part }: { part: ShownPart }): JSX.Element {
  const label = labelOf(part);
  return (
    <div>
      {label !== undefined && (
        <Group gap={6}>
          <Text size="xs" c="dimmed">
            {label}
          </Text>
        </Group>
      )}
      <Text
        size="sm"
        className={classes["part"] ?? ""}
        {...(part.kind === "text" ? {} : { ff: "monospace", fz: "xs" })}
      >
        {part.text}
      </Text>
      {part.fullLength !== undefined && (
        <Text size="xs" c="dimmed">
          Cut; it had {formatCount(part.fullLength)} characters.
        </Text>
      )}
    </div>
  );
}

function labelOf({ kind, type, toolName }: ShownPart): string | undefined {
  switch (kind) {
    case "text":
      return undefined;
    case "reasoning":
      return "reasoning";
    case "tool-call":
      return `calls ${toolName ?? "a tool"} with`;
    case "tool-result":
      return `${toolName ?? "the tool"} answered`;
    case "file":
      return "file";
    case "other":
      return type;
  }
}
