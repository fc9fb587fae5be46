#!/usr/bin/env node
// Checks what must hold before anything else is loaded, then hands over to the built command.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: Bowline needs Node 20.19 or newer; this is ${process.versions.node}\n`);
  process.exit(2);
}
if (process.platform === "win32") {
  process.stderr.write("error: Bowline runs on Linux and macOS\nhint: on Windows, run it inside WSL\n");
  process.exit(2);
}
try {
  require("../dist/bowline.cjs");
} catch (error) {
  if (error.code !== "MODULE_NOT_FOUND" || !String(error.message).includes("dist/bowline.cjs")) throw error;
  process.stderr.write("error: Bowline is not built\nhint: run: npm ci\n");
  process.exit(70);
}
