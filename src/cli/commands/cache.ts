import { defineCommand, OUTPUT, YES } from "../command.ts";

const section = "Setting up";

export const list = defineCommand({
  name: "cache ls",
  summary: "List what is cached on this machine",
  section,
  examples: [
    { line: "bowline cache ls", does: "See what is cached" },
    { line: "bowline cache ls -o json", does: "The same for a script" },
  ],
  options: OUTPUT,
  load: () => import("../actions/cache-ls.ts"),
});

export const prune = defineCommand({
  name: "cache prune",
  summary: "Delete what is cached; always safe",
  section,
  examples: [
    { line: "bowline cache prune", does: "Free the space" },
    { line: "bowline cache prune -y", does: "The same without a question" },
  ],
  options: YES,
  load: () => import("../actions/cache-prune.ts"),
});

export const verify = defineCommand({
  name: "cache verify",
  summary: "Check what is cached",
  section,
  examples: [
    { line: "bowline cache verify", does: "Check everything that is cached" },
    { line: "bowline cache verify -o json", does: "The same for a script" },
  ],
  options: OUTPUT,
  load: () => import("../actions/cache-verify.ts"),
});
