import { readFileSync } from "node:fs";
import { defineConfig } from "rolldown";
import { licenseNotices } from "./scripts/lib/license-notices.js";
import { lightHttp } from "./scripts/lib/light-http.js";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

// Everything from the registry is bundled but SQLite, which carries its own binaries.
const external = [/^node:(?!http$)/, "@photostructure/sqlite"];

const common = {
  platform: "node",
  external,
  transform: { target: "node20.19", define: { __BOWLINE_VERSION__: JSON.stringify(version) } },
  // Our own modules do nothing when loaded, so a door's unused rooms (zod's schemas behind a plain helper) stay out of a command's chunk.
  treeshake: {
    moduleSideEffects: [
      { test: /\/src\/(?!(cli\/(main|start)|git\/trees\/kept\/unpack-thread)\.ts)/, sideEffects: false },
    ],
  },
};

// Names stay as they are: a stack in a bug report must be readable.
const minify = { mangle: false, compress: false, codegen: { removeWhitespace: true } };

const library = defineConfig({
  ...common,
  input: { index: "src/index.ts" },
  plugins: [lightHttp()],
  output: {
    ...{ dir: "dist", format: "esm", minify, cleanDir: true },
    ...{ entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" },
  },
});

// CommonJS, because only that can be loaded with code that V8 compiled before (src/cli/compiled-code.ts).
const command = defineConfig({
  ...common,
  input: { bowline: "src/cli/main.ts" },
  plugins: [lightHttp(), licenseNotices()],
  output: {
    ...{ dir: "dist", format: "cjs", dynamicImportInCjs: false, minify },
    ...{ entryFileNames: "command/[name].cjs", chunkFileNames: "command/[name]-[hash].cjs" },
  },
});

const start = defineConfig({
  ...common,
  input: { bowline: "src/cli/start.ts" },
  output: { dir: "dist", format: "cjs", minify, entryFileNames: "[name].cjs" },
});

// A thread is started from a file of its own; the library and the command share it.
const thread = defineConfig({
  ...common,
  input: { "unpack-thread": "src/git/trees/kept/unpack-thread.ts" },
  output: { dir: "dist", format: "cjs", minify, entryFileNames: "[name].cjs" },
});

export default [library, command, start, thread];
