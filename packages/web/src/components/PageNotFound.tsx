import { IconMapQuestion } from "@tabler/icons-react";
import type { JSX } from "react";

import { LinkButton } from "./LinkButton.tsx";
import { Message } from "./Message.tsx";
import { PageHeading } from "./PageHeading.tsx";

/** For an address without a page. */
export function PageNotFound(): JSX.Element {
  return (
    <>
      <PageHeading>Not found</PageHeading>
      <Message
        icon={<IconMapQuestion />}
        title="There is no such page"
        action={<LinkButton to="/chats">Go to your chats</LinkButton>}
      >
        The address may be misspelt, or what was here may be gone.
      </Message>
    </>
  );
}
