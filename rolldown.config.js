import { readFileSync } from "node:fs";
import { defineConfig } from "rolldown";
import { licenseNotices } from "./scripts/lib/license-notices.js";
import { lightHttp } from "./scripts/lib/light-http.js";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

// Everything from the registry is bundled but SQLite, which carries its own binaries.
const external = [/^node:(?!http$)/, "@photostructure/sqlite"];

export default defineConfig({
  input: { bowline: "src/cli/main.ts", index: "src/index.ts" },
  platform: "node",
  external,
  transform: { target: "node20.19", define: { __BOWLINE_VERSION__: JSON.stringify(version) } },
  // Our own modules do nothing when loaded, so a door's unused rooms (zod's schemas behind a plain helper) stay out of a command's chunk.
  treeshake: { moduleSideEffects: [{ test: /\/src\/(?!cli\/main\.ts)/, sideEffects: false }] },
  plugins: [lightHttp(), licenseNotices()],
  output: {
    dir: "dist",
    format: "esm",
    // Names stay as they are: a stack in a bug report must be readable.
    minify: { mangle: false, compress: false, codegen: { removeWhitespace: true } },
    cleanDir: true,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
  },
});
