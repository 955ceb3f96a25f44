const INTEGER = new Intl.NumberFormat();
const THREE_DIGITS = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

const UNITS = ["kB", "MB", "GB", "TB", "PB"];

/** A number with the viewer's separators. */
export function formatCount(count: number): string {
  return INTEGER.format(count);
}

/** A number of bytes with three digits and a decimal unit: "0 B", "999 B", "1.23 MB". */
export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) < 1_000) return `${INTEGER.format(bytes)} B`;
  let value = bytes;
  let unit = -1;
  // 999.95 kB would be rounded to 1,000 kB.
  while (Math.abs(value) >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${THREE_DIGITS.format(value)} ${UNITS[unit]}`;
}
