const MS_PER_DAY = 86_400_000;

/** When something goes: so many days after its clock; null where it is kept for ever, or the window is not known. */
export function expiryOf(clock: string | undefined, days: number | undefined): Date | null {
  if (clock === undefined || days === undefined || days === 0) return null;
  return new Date(Date.parse(clock) + days * MS_PER_DAY);
}
