/** Wraps a function so that at most so many of its calls are under way; others wait, in the order in which they came. */
export function limitConcurrency<Input extends unknown[], Output>(
  limit: number,
  call: (...input: Input) => Promise<Output>,
): (...input: Input) => Promise<Output> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (...input) => {
    // Whoever ends hands its place to the one that waited longest.
    if (running < limit) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await call(...input);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
