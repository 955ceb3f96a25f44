import { crc32, deflateSync } from "node:zlib";

import { Random } from "./random.ts";

export interface DemoFile {
  readonly name: string;
  readonly mediaType: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

const DAYS = 14;

/** What the owner of a chat showed with the first question, always the same for a chat; some show nothing. */
export function fileOf(chatId: string): DemoFile | undefined {
  const random = new Random(`${chatId}/file`);
  const make = random.weighted<((figures: readonly number[]) => DemoFile) | undefined>([
    [1, undefined],
    [1, notes],
    [1, table],
    [1, chart],
  ]);
  return make?.(Array.from({ length: DAYS }, () => random.integer(120, 980)));
}

function notes(figures: readonly number[]): DemoFile {
  const most = figures.indexOf(Math.max(...figures)) + 1;
  return text("notes.txt", "text/plain", [
    "What we know so far",
    "",
    `- Looked at ${figures.length} days; the busiest was day ${most} with ${Math.max(...figures)} requests.`,
    `- The quietest had ${Math.min(...figures)}.`,
    "- Nobody has changed the configuration in that time.",
  ]);
}

function table(figures: readonly number[]): DemoFile {
  const rows = figures.map((requests, index) => `${index + 1},${requests},${Math.round(requests / 9)}`);
  return text("requests-per-day.csv", "text/csv", ["day,requests,p95_ms", ...rows]);
}

function text(name: string, mediaType: string, lines: readonly string[]): DemoFile {
  return { name, mediaType, content: new TextEncoder().encode(`${lines.join("\n")}\n`) };
}

const BAR_PIXELS = 16;
const GAP_PIXELS = 4;
const HEIGHT_PIXELS = 140;

/** White and a blue, as the palette that the pixels point into. */
const PALETTE = Uint8Array.of(0xff, 0xff, 0xff, 0x22, 0x8b, 0xe6);

/** A bar for each day. */
function chart(figures: readonly number[]): DemoFile {
  const width = figures.length * (BAR_PIXELS + GAP_PIXELS) + GAP_PIXELS;
  const highest = Math.max(...figures);
  const rows = Array.from({ length: HEIGHT_PIXELS }, (_, y) => {
    const row = new Uint8Array(1 + width);
    for (const [index, figure] of figures.entries()) {
      const from = 1 + GAP_PIXELS + index * (BAR_PIXELS + GAP_PIXELS);
      if (HEIGHT_PIXELS - y <= (figure / highest) * (HEIGHT_PIXELS - GAP_PIXELS)) row.fill(1, from, from + BAR_PIXELS);
    }
    return row;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(HEIGHT_PIXELS, 4);
  // Eight bits for each pixel, which is a place in the palette.
  header.set([8, 3, 0, 0, 0], 8);
  const png = Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("PLTE", PALETTE),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", new Uint8Array()),
  ]);
  return { name: "requests-per-day.png", mediaType: "image/png", content: new Uint8Array(png) };
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
