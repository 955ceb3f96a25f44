import { Alert, Button, Group, Text } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";
import type { JSX } from "react";

import type { Stale } from "../api/data-state.ts";
import { TimeText } from "./TimeText.tsx";

/** Says that what is below may be out of date, since when, and why. */
export function StaleWarning({ stale: { problem, since, retry } }: { stale: Stale }): JSX.Element {
  return (
    <Alert role="status" color="yellow" icon={<IconCloudOff />} mb="md">
      <Group justify="space-between" gap="sm">
        <Text size="sm">
          {problem.message} What you see is from <TimeText time={since} format="relative" />.
        </Text>
        <Button size="compact-sm" variant="default" onClick={retry}>
          Try again
        </Button>
      </Group>
    </Alert>
  );
}
