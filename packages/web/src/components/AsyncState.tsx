import { Button } from "@mantine/core";
import { IconAlertTriangle, IconLock, IconMapQuestion } from "@tabler/icons-react";
import type { JSX, ReactNode } from "react";

import type { DataState } from "../api/data-state.ts";
import { Message } from "./Message.tsx";
import { PageLoading } from "./PageLoading.tsx";
import { StaleWarning } from "./StaleWarning.tsx";

interface AsyncStateProps<Data> {
  readonly state: DataState<Data>;
  /** Whether there is nothing to show, and what stands there then: a `Message` that says why, and what to do. */
  readonly empty?: { readonly when: (data: Data) => boolean; readonly show: ReactNode };
  readonly children: (data: Data) => ReactNode;
}

/** Shows something that is loaded, in each state that it can be in. */
export function AsyncState<Data>({ state, empty, children }: AsyncStateProps<Data>): JSX.Element {
  switch (state.kind) {
    case "loading":
      return <PageLoading />;
    case "error":
      return (
        <div role="alert">
          <Message
            icon={<IconAlertTriangle />}
            color="red"
            title={state.problem.message}
            action={<Button onClick={state.retry}>Try again</Button>}
          >
            {state.problem.detail}
          </Message>
        </div>
      );
    case "forbidden":
      return (
        <Message icon={<IconLock />} title="You may not see this">
          Your role does not include it. An administrator can change your role.
        </Message>
      );
    case "not-found":
      return (
        <Message icon={<IconMapQuestion />} title="There is no such thing here">
          It may be gone, or it may not be yours.
        </Message>
      );
    case "ready":
      return (
        <>
          {state.stale !== null && <StaleWarning stale={state.stale} />}
          {empty?.when(state.data) === true ? empty.show : children(state.data)}
        </>
      );
  }
}
