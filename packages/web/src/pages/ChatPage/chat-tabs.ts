/** What a conversation's page shows one of; the address names which. */
export const CHAT_TABS = ["messages", "files", "debug"] as const;

export type ChatTab = (typeof CHAT_TABS)[number];
