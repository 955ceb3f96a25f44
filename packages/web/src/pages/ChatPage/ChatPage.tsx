import type { JSX } from "react";

import { PageHeading } from "../../components/PageHeading.tsx";

export function ChatPage(): JSX.Element {
  return <PageHeading>Chat</PageHeading>;
}
