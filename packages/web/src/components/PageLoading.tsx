import { Center, Loader } from "@mantine/core";
import type { JSX } from "react";

/** What stands in place of a page, or of a part of it, while it is loaded. */
export function PageLoading(): JSX.Element {
  return (
    <Center py="xl" role="status" aria-label="Loading">
      <Loader />
    </Center>
  );
}
