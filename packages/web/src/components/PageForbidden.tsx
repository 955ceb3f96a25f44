import { IconLock } from "@tabler/icons-react";
import type { JSX } from "react";

import { LinkButton } from "./LinkButton.tsx";
import { Message } from "./Message.tsx";
import { PageHeading } from "./PageHeading.tsx";

/** For a page that the signed-in person may not use. */
export function PageForbidden(): JSX.Element {
  return (
    <>
      <PageHeading>Not allowed</PageHeading>
      <Message
        icon={<IconLock />}
        title="Your role does not include this page"
        action={<LinkButton to="/chats">Go to your chats</LinkButton>}
      >
        An administrator can change your role.
      </Message>
    </>
  );
}
