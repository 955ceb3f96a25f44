import { Box, Container, Group, Text } from "@mantine/core";
import type { JSX, ReactNode } from "react";

import { ColorSchemeMenu } from "./ColorSchemeMenu.tsx";

/** The frame around what is seen without being signed in: nothing to navigate to, and little to look at. */
export function EntryFrame({ children }: { children: ReactNode }): JSX.Element {
  return (
    <>
      <Box component="header" p="md">
        <Group justify="space-between">
          <Group gap="sm">
            <img src="/favicon.svg" alt="" width={24} height={24} />
            <Text fw={650}>Shelflife</Text>
          </Group>
          <ColorSchemeMenu />
        </Group>
      </Box>
      <Container component="main" id="content" tabIndex={-1} size="xs" py="xl">
        {children}
      </Container>
    </>
  );
}
