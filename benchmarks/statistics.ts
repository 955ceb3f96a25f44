/** A figure that was measured several times. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), count: values.length };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which this share of the values lies, with linear interpolation between neighbours. NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A straight line through points by least squares: how much y grows for one of x, and the standard error of that. */
export function slope(points: readonly { x: number; y: number }[]): { slope: number; standardError: number } {
  const count = points.length;
  const meanX = sum(points.map(({ x }) => x)) / count;
  const meanY = sum(points.map(({ y }) => y)) / count;
  const spreadX = sum(points.map(({ x }) => (x - meanX) ** 2));
  const inclination = sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / spreadX;
  const residual = sum(points.map(({ x, y }) => (y - meanY - inclination * (x - meanX)) ** 2));
  return { slope: inclination, standardError: Math.sqrt(residual / (count - 2) / spreadX) };
}
