import type { JSX } from "react";

import { PageHeading } from "../../components/PageHeading.tsx";

export function SettingsPage(): JSX.Element {
  return <PageHeading>Settings</PageHeading>;
}
