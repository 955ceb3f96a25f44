import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";

/**
 * Moves the focus to the heading of a page that was opened by a link: the browser would leave it on the link, and who
 * cannot see the page would not notice that there is another one.
 */
export function useFocusOnNavigation(): void {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onRendered", ({ pathChanged, fromLocation }) => {
        if (!pathChanged || fromLocation === undefined) return;
        (document.querySelector<HTMLElement>("h1") ?? document.querySelector<HTMLElement>("main"))?.focus({
          preventScroll: true,
        });
      }),
    [router],
  );
}
