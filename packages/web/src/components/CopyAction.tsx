import { ActionIcon, Group, Text } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import type { JSX } from "react";

/**
 * Copies a text, and says whether that succeeded: browsers let no page copy that came over plain HTTP from another
 * machine, and who believes to have copied a key that is shown once would lose it.
 */
export function CopyAction({ value, label }: { value: string; label: string }): JSX.Element {
  const { copy, copied, error } = useClipboard();
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      <Text size="xs" role="status" ta="end" c={error === null ? "dimmed" : "red"}>
        {error !== null ? "This browser did not copy it: select the text instead." : copied ? "Copied." : ""}
      </Text>
      <ActionIcon variant="default" size="lg" aria-label={label} onClick={() => copy(value)}>
        {copied ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
      </ActionIcon>
    </Group>
  );
}
