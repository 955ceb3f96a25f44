import type { JSX } from "react";

import { PageHeading } from "../../components/PageHeading.tsx";

export function RetentionPage(): JSX.Element {
  return <PageHeading>Retention</PageHeading>;
}
