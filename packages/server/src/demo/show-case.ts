import { conversationOf, type Conversation } from "./conversation.ts";
import type { RecordedChat } from "./family.ts";
import { lastHeardOf } from "./recorded-run.ts";

const MS_PER_DAY = 86_400_000;

/**
 * Messages are written at the moment in which they are sent. In an older chat they would be news, and make it look as if
 * somebody had come back to it.
 */
const TALKING_DAYS = 3;

/** Everybody has something to read, also after a quiet weekend. */
const TALKING_PER_PERSON = 2;

/** More than anybody looks at; it keeps a large demo from sending one message after another for minutes. */
const TALKING_FAMILIES_MAX = 40;

/** Nobody archives a chat that they were at work in lately. */
const ARCHIVED_DAYS = 7;

const ARCHIVED_PER_PERSON = 2;
const PINNED_PER_PERSON = 2;

/** The root chats of a person that are pinned and archived, by their ids. */
export interface TidyChats {
  readonly owner: string;
  /** The newest that are not at work; the first one goes to the top. */
  readonly pinned: readonly string[];
  /** The oldest. */
  readonly archived: readonly string[];
}

interface Root {
  readonly id: string;
  readonly busy: boolean;
  /** Milliseconds since the epoch. */
  readonly lastHeard: number;
}

/** Picks the chats that are given more than debug runs, while all chats go by. */
export class ShowCase {
  readonly #now: number;
  #recent: (readonly Conversation[])[] = [];
  readonly #people = new Map<string, Person>();

  constructor(now: Date) {
    this.#now = now.getTime();
  }

  /** Of chats that somebody was at work in lately and of everybody's newest, children included, the oldest first. */
  get conversations(): readonly Conversation[] {
    const newest = [...this.#people.values()].flatMap((person) => person.newest);
    const families = new Set([...newest, ...this.#recent]);
    return [...families].toSorted((a, b) => (startOf(a) < startOf(b) ? -1 : 1)).flat();
  }

  get tidyChats(): TidyChats[] {
    const archivedBefore = this.#now - ARCHIVED_DAYS * MS_PER_DAY;
    return [...this.#people].map(([owner, { roots, newest }]) => {
      const talking = new Set(newest.map(([root]) => root?.chat.id));
      const old = roots
        .filter(({ id, lastHeard }) => lastHeard < archivedBefore && !talking.has(id))
        .slice(0, ARCHIVED_PER_PERSON);
      const quiet = roots.filter((root) => !root.busy && !old.includes(root)).toReversed();
      return {
        owner,
        pinned: quiet.slice(0, PINNED_PER_PERSON).map(({ id }) => id),
        archived: old.map(({ id }) => id),
      };
    });
  }

  /** Passes families on, which come with the oldest first. */
  *watch(families: Iterable<RecordedChat[]>): Generator<RecordedChat[]> {
    for (const family of families) {
      this.#add(family);
      yield family;
    }
  }

  #add(family: readonly RecordedChat[]): void {
    const [root] = family;
    if (root === undefined) return;
    const lastHeard = Math.max(...family.flatMap(({ runs }) => runs.map(lastHeardOf)));
    const conversations = family.map(conversationOf);
    const { roots, newest } = this.#people.get(root.owner) ?? { roots: [], newest: [] };
    this.#people.set(root.owner, {
      roots: [...roots, { id: root.chat.id, busy: root.chat.status === "running", lastHeard }],
      newest: [...newest, conversations].slice(-TALKING_PER_PERSON),
    });
    if (lastHeard < this.#now - TALKING_DAYS * MS_PER_DAY) return;
    this.#recent = [...this.#recent, conversations].slice(-TALKING_FAMILIES_MAX);
  }
}

/** A person's chats so far, the oldest first. */
interface Person {
  readonly roots: readonly Root[];
  /** The conversations of the newest families, each with its root first. */
  readonly newest: readonly (readonly Conversation[])[];
}

function startOf(family: readonly Conversation[]): string {
  return family[0]?.chat.created_at ?? "";
}
