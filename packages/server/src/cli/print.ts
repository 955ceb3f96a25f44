/** Writes a result to standard output, as JSON where that is asked for. */
export function print(result: unknown, { json }: { json?: boolean | undefined }, text: () => string): void {
  process.stdout.write(`${json === true ? JSON.stringify(result) : text()}\n`);
}
