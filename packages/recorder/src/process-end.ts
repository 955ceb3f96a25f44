const lastWorks = new Set<() => void>();

/**
 * Does some work when the process has nothing else to do and would end by itself; the answer cancels that. However many
 * ask for it, Node sees one listener: it warns of a leak where there are many.
 */
export function beforeProcessEnds(work: () => void): () => void {
  if (lastWorks.size === 0) process.on("beforeExit", doLastWorks);
  lastWorks.add(work);
  return () => {
    lastWorks.delete(work);
    if (lastWorks.size === 0) process.off("beforeExit", doLastWorks);
  };
}

function doLastWorks(): void {
  for (const work of lastWorks) work();
}
