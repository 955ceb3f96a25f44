import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import type { Plugin } from "vite";

const toBrotli = promisify(brotliCompress);
const toGzip = promisify(gzip);

/** Below this, in bytes, compressing saves nothing worth a file. */
const WORTH_IT = 1024;

/** Puts `.br` and `.gz` beside every script and style sheet, so that the server never compresses while it answers. */
export function compressAssets(): Plugin {
  return {
    name: "compress-assets",
    apply: "build",
    generateBundle: {
      order: "post",
      async handler(_options, bundle) {
        await Promise.all(
          Object.values(bundle).map(async (output) => {
            if (!/\.(js|css|svg)$/.test(output.fileName)) return;
            const content = Buffer.from(output.type === "chunk" ? output.code : output.source);
            if (content.length < WORTH_IT) return;
            const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
            const [brotli, gzipped] = await Promise.all([toBrotli(content, quality), toGzip(content, { level: 9 })]);
            this.emitFile({ type: "asset", fileName: `${output.fileName}.br`, source: brotli });
            this.emitFile({ type: "asset", fileName: `${output.fileName}.gz`, source: gzipped });
          }),
        );
      },
    },
  };
}
