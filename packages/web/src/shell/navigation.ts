import {
  IconClockHour4,
  IconHistory,
  IconListCheck,
  IconMessages,
  IconSettings,
  IconUsers,
  type TablerIcon,
} from "@tabler/icons-react";

export interface NavigationEntry {
  readonly to: "/chats" | "/lifecycle" | "/retention" | "/audit" | "/users" | "/settings";
  readonly label: string;
  readonly icon: TablerIcon;
}

/** The pages of the navigation, in order. Who may use a page stands with its route. */
export const NAVIGATION: readonly NavigationEntry[] = [
  { to: "/chats", label: "Chats", icon: IconMessages },
  { to: "/lifecycle", label: "Lifecycle", icon: IconClockHour4 },
  { to: "/retention", label: "Retention", icon: IconHistory },
  { to: "/audit", label: "Audit log", icon: IconListCheck },
  { to: "/users", label: "Users", icon: IconUsers },
  { to: "/settings", label: "Settings", icon: IconSettings },
];
