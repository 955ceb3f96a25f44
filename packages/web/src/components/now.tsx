import { createContext, type JSX, type ReactNode, useContext, useEffect, useState } from "react";

const NowContext = createContext<Date | undefined>(undefined);

/** How often times such as "3 minutes ago" move on, in milliseconds. */
const STEP_MS = 15_000;

/** Tells what time it is to everything below, and again every few seconds. A story passes a time that stands still. */
export function NowProvider({ now, children }: { now?: Date; children: ReactNode }): JSX.Element {
  const [current, setCurrent] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setCurrent(new Date()), STEP_MS);
    return () => clearInterval(timer);
  }, []);
  return <NowContext.Provider value={now ?? current}>{children}</NowContext.Provider>;
}

/** The present, to within a few seconds. */
export function useNow(): Date {
  const now = useContext(NowContext);
  if (now === undefined) throw new Error("There is no NowProvider above this component.");
  return now;
}
