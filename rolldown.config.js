import { defineConfig } from "rolldown";

// Everything from the registry is bundled but SQLite, which carries its own binaries.
const external = [/^node:/, "@photostructure/sqlite"];

export default defineConfig({
  input: { bowline: "src/cli/main.ts", index: "src/index.ts" },
  platform: "node",
  external,
  transform: { target: "node20.19" },
  output: {
    dir: "dist",
    format: "esm",
    cleanDir: true,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
  },
});
