import { AppShell, Burger, Group, NavLink, type NavLinkProps, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Me } from "@shelflife/api-contract";
import { createLink } from "@tanstack/react-router";
import { type JSX, type ReactNode, type Ref, useEffect } from "react";

import { ColorSchemeMenu } from "./ColorSchemeMenu.tsx";
import type { NavigationEntry } from "./navigation.ts";
import classes from "./ShellView.module.css";

interface ShellViewProps {
  readonly me: Me;
  readonly entries: readonly NavigationEntry[];
  /** The path of the page that is shown. The navigation of a narrow screen closes when it changes. */
  readonly location: string;
  readonly children: ReactNode;
}

export function ShellView({ me, entries, location, children }: ShellViewProps): JSX.Element {
  const [opened, { toggle, close }] = useDisclosure(false);
  useEffect(close, [location, close]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "md", sm: "lg" }}
    >
      <a href="#content" className={classes["skip"]}>
        Skip to content
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={opened ? "Close navigation" : "Open navigation"}
              aria-expanded={opened}
              aria-controls="navigation"
            />
            <img src="/favicon.svg" alt="" width={24} height={24} />
            <Text fw={650}>Shelflife</Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Text size="sm" c="dimmed" truncate visibleFrom="sm" maw={320}>
              {me.email}
            </Text>
            <ColorSchemeMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar
        p="xs"
        id="navigation"
        aria-label="Main"
        className={classes["navigation"] ?? ""}
        mod={{ folded: !opened }}
      >
        {entries.map(({ to, label, icon: Icon }) => (
          <NavigationLink key={to} to={to} label={label} leftSection={<Icon size={18} aria-hidden />} />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {children}
      </AppShell.Main>
    </AppShell>
  );
}

interface NavigationAnchorProps extends Omit<NavLinkProps, "component" | "active"> {
  readonly ref?: Ref<HTMLAnchorElement>;
  readonly "aria-current"?: "page";
}

/** The router marks the link of the page that is shown with `aria-current`, and those above it as well. */
function NavigationAnchor(props: NavigationAnchorProps): JSX.Element {
  return (
    <NavLink component="a" {...props} active={props["aria-current"] === "page"} className={classes["link"] ?? ""} />
  );
}

const NavigationLink = createLink(NavigationAnchor);
