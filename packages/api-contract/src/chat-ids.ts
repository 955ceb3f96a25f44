/** The root of all mapped chat ids. Changing it would tear every application's chats from their records. */
const CHAT_IDS = "5b0c2f0e-6d0f-5c1a-9d53-0f6b1a6f7e21";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** UUID version 5 of a name within a namespace that is a UUID itself. */
export type NameBasedUuid = (name: string, namespace: string) => string;

/**
 * A UUID passes through in lower case; any other id becomes a UUID version 5 of itself within the namespace. Whoever
 * records a chat maps its id this way, so that it is one chat however its calls are recorded.
 *
 * @param namespace any text, where several applications number their chats alike; empty for none
 */
export function mapChatId(chatId: string, namespace: string, nameBasedUuid: NameBasedUuid): string {
  if (UUID.test(chatId)) return chatId.toLowerCase();
  // Half a character has no bytes in UTF-8, which the UUID is made of.
  const root = namespace === "" ? CHAT_IDS : nameBasedUuid(namespace.toWellFormed(), CHAT_IDS);
  return nameBasedUuid(chatId.toWellFormed(), root);
}
