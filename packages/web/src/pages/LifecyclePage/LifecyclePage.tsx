import type { JSX } from "react";

import { PageHeading } from "../../components/PageHeading.tsx";

export function LifecyclePage(): JSX.Element {
  return <PageHeading>Lifecycle</PageHeading>;
}
