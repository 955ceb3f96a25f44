import { type JSX, Fragment } from "react";

import type { ChatFate } from "./chat-fate.ts";
import { useNow } from "./now.tsx";
import { TimeText } from "./TimeText.tsx";

const WORDS = [
  ["debugGone", "debug data expires", "debug data is due to expire"],
  ["archived", "archived by itself", "due to be archived by itself"],
  ["deleted", "deleted", "due to be deleted"],
] as const;

/** What becomes of a conversation and when, to follow other words in a sentence: ", deleted in 3 days". */
export function ChatFateText({ fate }: { readonly fate: ChatFate }): JSX.Element {
  const now = useNow();
  return (
    <>
      {WORDS.map(([event, coming, due]) => {
        const at = fate[event];
        if (at === undefined) return null;
        // The purge comes round every few minutes, and takes a while where it has much to do.
        if (at <= now) return <Fragment key={event}>, {due}</Fragment>;
        return (
          <Fragment key={event}>
            , {coming} <TimeText time={at} format="relative" />
          </Fragment>
        );
      })}
    </>
  );
}
