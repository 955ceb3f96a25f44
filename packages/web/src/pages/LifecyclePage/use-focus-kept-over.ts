import { type RefObject, useEffect, useRef } from "react";

/**
 * Keeps the focus over a time in which the form is disabled: the browser takes it away from whatever is disabled and gives
 * it to nothing. When the time is over it goes back to where it was, or to another place where that is gone. Who has gone
 * on meanwhile is left where they are.
 *
 * @returns what remembers where the focus is, to be called before the time begins
 */
export function useFocusKeptOver(busy: boolean, otherwise: RefObject<HTMLElement | null>): () => void {
  const before = useRef<HTMLElement>(null);
  useEffect(() => {
    if (busy || before.current === null) return;
    const { activeElement } = document;
    // A dialog that was answered is still there while it fades.
    const isLost = activeElement === document.body || activeElement?.closest("[role=dialog]") != null;
    if (isLost) (before.current.isConnected ? before.current : otherwise.current)?.focus();
  }, [busy, otherwise]);
  return () => {
    before.current = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  };
}
