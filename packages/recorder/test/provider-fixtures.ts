import { existsSync, readFileSync, readdirSync } from "node:fs";

const FIXTURES = new URL("../../../../shared/fixtures/provider-responses/", import.meta.url);

/** The names of all recorded provider responses, as `provider/file`. */
export function fixtureNames(): string[] {
  return readdirSync(requireFixtures(), { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.(?:json|chunks\.txt|sse)$/.test(name))
    .toSorted();
}

/** A recorded whole response. */
export function readJsonFixture(name: string): string {
  return readFileSync(new URL(name, requireFixtures()), "utf8");
}

/**
 * The events of a recorded stream, each as it goes over the wire. A `.chunks.txt` holds one event's data per line, which
 * leaves the framing to be added: Anthropic and OpenAI's responses name each event by its type, chat completions name
 * none and end with `[DONE]`.
 */
export function readStreamFixture(name: string): string[] {
  const text = readFileSync(new URL(name, requireFixtures()), "utf8");
  if (name.endsWith(".sse")) return text.split(/(?<=\n\n)/).filter((event) => event.trim() !== "");
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const types = lines.map((line) => (JSON.parse(line) as { type?: unknown }).type);
  const events = lines.map((line, index) => {
    const type = types[index];
    return typeof type === "string" ? `event: ${type}\ndata: ${line}\n\n` : `data: ${line}\n\n`;
  });
  return types.some((type) => typeof type === "string") ? events : [...events, "data: [DONE]\n\n"];
}

function requireFixtures(): URL {
  if (!existsSync(FIXTURES)) {
    throw new Error(
      `The recorded provider responses are not there: expected at ../shared/fixtures beside the repository (${FIXTURES.pathname}).`,
    );
  }
  return FIXTURES;
}
