/**
 * Something that all copies of this package share. A bundler may put a copy into each of its bundles, as that of Next.js
 * does with a route and with what is registered at the start: what one of them says has to reach the other.
 */
export function oncePerProcess<Thing>(name: string, make: () => Thing): Thing {
  const key = Symbol.for(`@shelflife/recorder ${name}`);
  const known = Reflect.get(globalThis, key) as Thing | undefined;
  if (known !== undefined) return known;
  const made = make();
  Object.defineProperty(globalThis, key, { value: made });
  return made;
}
