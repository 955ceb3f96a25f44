import { Title, type TitleOrder } from "@mantine/core";
import type { JSX } from "react";

interface PageHeadingProps {
  /** Also the title of the document. */
  readonly children: string;
  readonly size?: TitleOrder;
}

/**
 * The heading of a page, and the title of the document while the page is open. It takes the focus when the page is
 * opened by a link, so that who cannot see the page hears where they are; `Shell` decides when.
 */
export function PageHeading({ children, size = 2 }: PageHeadingProps): JSX.Element {
  return (
    <>
      <title>{`${children} · Shelflife`}</title>
      <Title order={1} size={`h${size}`} tabIndex={-1} mb="md">
        {children}
      </Title>
    </>
  );
}
