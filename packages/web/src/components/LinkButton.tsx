import { Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, JSX, Ref } from "react";

interface AnchorButtonProps
  extends ButtonProps, Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps | "children"> {
  readonly ref?: Ref<HTMLAnchorElement>;
}

function AnchorButton(props: AnchorButtonProps): JSX.Element {
  return <Button component="a" variant="light" {...props} />;
}

/** A link to a page that looks like a button. */
export const LinkButton = createLink(AnchorButton);
