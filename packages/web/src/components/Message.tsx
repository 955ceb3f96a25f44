import { Stack, Text, ThemeIcon, Title } from "@mantine/core";
import type { JSX, ReactNode } from "react";

interface MessageProps {
  readonly icon: ReactNode;
  readonly color?: string;
  readonly title: string;
  readonly children?: ReactNode;
  /** What can be done about it: a button or a link. */
  readonly action?: ReactNode;
}

/** What stands where content would be: nothing there, not allowed, failed. */
export function Message({ icon, color = "gray", title, children, action }: MessageProps): JSX.Element {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      <ThemeIcon variant="light" color={color} size={48} radius="xl" aria-hidden>
        {icon}
      </ThemeIcon>
      <Title order={2} size="h4">
        {title}
      </Title>
      {children !== undefined && (
        <Text c="dimmed" maw={520} component="div">
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}
