import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

import type { LaunchOptions } from "playwright-core";

const PACKAGE = dirname(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")));
const requireBeside = createRequire(join(PACKAGE, "package.json"));
const { version } = requireBeside("./package.json") as { version: string };

/** Named by version and user, so that neither an older browser nor somebody else's is ever started. */
const FOLDER = join(tmpdir(), `shelflife-chromium-${version}-${userInfo().username}`);

/** Where systems keep the libraries of network security; one that lacks them is given the package's. */
const LIBRARY_FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"];

/** The package holds a browser for this platform alone; elsewhere the Chrome that is installed has to do. */
const IS_PACKAGED = process.platform === "linux" && process.arch === "x64";

/** How the tests start Chromium. It is there after `unpackChromium`. */
export const CHROMIUM_LAUNCH: LaunchOptions = IS_PACKAGED ? packagedBrowser() : { channel: "chrome" };

function packagedBrowser(): LaunchOptions {
  return {
    executablePath: join(FOLDER, "chromium"),
    // Root may not use the sandbox; there is no display to draw on, and containers have little shared memory.
    args: ["--no-sandbox", "--disable-setuid-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    env: {
      ...process.env,
      // The same text is as wide on every machine, and a machine without fonts shows some at all.
      FONTCONFIG_FILE: join(FOLDER, "fonts.conf"),
      FONTCONFIG_PATH: FOLDER,
      ...(LIBRARY_FOLDERS.some((folder) => existsSync(join(folder, "libnss3.so")))
        ? {}
        : { LD_LIBRARY_PATH: join(FOLDER, "lib") }),
    },
  };
}

/** Unpacks the browser that npm brought, where that has not been done. Two processes may do so at the same time. */
export async function unpackChromium(): Promise<void> {
  if (!IS_PACKAGED || existsSync(FOLDER)) return;
  const draft = await mkdtemp(`${FOLDER}-draft-`);
  try {
    await Promise.all([
      unpack("chromium.br", createWriteStream(join(draft, "chromium"), { mode: 0o755 })),
      unpackFolder("fonts.tar.br", draft),
      unpackFolder("al2023.tar.br", draft),
    ]);
    await mkdir(join(draft, "font-cache"));
    await writeFile(join(draft, "fonts.conf"), FONTS_CONF);
    await rename(draft, FOLDER);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Somebody else was faster, and what they unpacked is the same.
    if (!existsSync(FOLDER)) throw error;
  }
}

async function unpack(archive: string, target: NodeJS.WritableStream): Promise<void> {
  await pipeline(createReadStream(join(PACKAGE, "bin", archive)), createBrotliDecompress(), target);
}

function unpackFolder(archive: string, folder: string): Promise<void> {
  const { extract } = requireBeside("tar-fs") as { extract: (folder: string) => NodeJS.WritableStream };
  return unpack(archive, extract(folder));
}

const FONTS_CONF = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${FOLDER}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${FOLDER}/font-cache</cachedir>
</fontconfig>
`;
