import type { JSX } from "react";

import { PageHeading } from "../../components/PageHeading.tsx";

export function ChatsPage(): JSX.Element {
  return <PageHeading>Chats</PageHeading>;
}
