import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

import { compressAssets } from "./build/compress-assets.ts";

/** What stands in the built page where the server puts the nonce of each answer. */
const NONCE_PLACEHOLDER = "__CSP_NONCE__";

const FRAMEWORK =
  /node_modules[\\/](react|react-dom|scheduler|zod|@tanstack[\\/](react-)?(query|router|history|store)[^\\/]*)[\\/]/;

export default defineConfig({
  plugins: [react(), compressAssets()],
  // The workspaces' packages are read as source, so that nothing has to be built before.
  resolve: { conditions: ["@shelflife/source", ...defaultClientConditions] },
  html: { cspNonce: NONCE_PLACEHOLDER },
  build: {
    // The browsers of mid-2024, the first that know `light-dark()`, whose replacement would need styles of its own.
    target: ["chrome123", "firefox120", "safari17.5"],
    // An inlined asset would be a data: URL, which the server's policy allows for pictures alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What changes with a dependency alone stays in the browser's cache when the interface changes.
        codeSplitting: { groups: [{ name: "framework", test: FRAMEWORK }] },
      },
    },
  },
  server: { proxy: { "/api": { target: process.env["SHELFLIFE_URL"] ?? "http://127.0.0.1:7080" } } },
});
