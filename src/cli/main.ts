/** The command's entry: answers what needs nothing loaded, then hands over to the command asked for. */
import { createRequire } from "node:module";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
if (process.argv[2] === "--version") process.stdout.write(`${version}\n`);
