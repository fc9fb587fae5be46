import { defineCommand, OUTPUT } from "../command.ts";

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
  summary: "Delete what is cached and not in use; always safe",
  description:
    "Without an option: what was not used for 30 days, what is more than policy.cache.maxBytes, and what killed processes left. " +
    "What a run uses stays. Whatever is deleted is fetched again when it is wanted.",
  section,
  examples: [
    { line: "bowline cache prune", does: "Tidy up" },
    {
      line: "bowline cache prune --all -o json",
      does: "Delete everything that is not in use, and tell a script what went",
    },
    { line: "bowline cache prune --older-than 7d --max-size 5Gi", does: "Set the limits" },
  ],
  options: {
    all: { help: "everything that is not in use" },
    olderThan: { value: "TIME", help: "what was not used for so long: 90m, 12h, 7d (default: 30d)" },
    maxSize: { value: "SIZE", help: "until no more than this is left: 500Mi, 5Gi (default: policy.cache.maxBytes)" },
    ...OUTPUT,
  },
  load: () => import("../actions/cache-prune.ts"),
});

export const verify = defineCommand({
  name: "cache verify",
  summary: "Read everything that is cached, and take away what is damaged",
  section,
  examples: [
    { line: "bowline cache verify", does: "Check everything that is cached" },
    { line: "bowline cache verify -o json", does: "The same for a script" },
  ],
  options: OUTPUT,
  load: () => import("../actions/cache-verify.ts"),
});
