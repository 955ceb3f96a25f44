import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import type { JSX } from "react";

import { problemOf } from "../api/data-state.ts";
import { Message } from "./Message.tsx";
import { PageHeading } from "./PageHeading.tsx";

/** For a page that could not be shown at all. */
export function PageError({ error, reset }: ErrorComponentProps): JSX.Element {
  const router = useRouter();
  const { message, detail } = problemOf(error);
  const retry = (): void => {
    reset();
    void router.invalidate();
  };
  return (
    <>
      <PageHeading>Something went wrong</PageHeading>
      <Message
        icon={<IconAlertTriangle />}
        color="red"
        title={message}
        action={<Button onClick={retry}>Try again</Button>}
      >
        {detail}
      </Message>
    </>
  );
}
