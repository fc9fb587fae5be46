import { defineCommand } from "../command.ts";

/** What the completion scripts call. */
export const complete = defineCommand({
  name: "__complete",
  summary: "Print the candidates for the last word",
  section: "Setting up",
  hidden: true,
  examples: [
    { line: "bowline __complete -- run -", does: "List the options of run" },
    { line: "bowline __complete -- logs ''", does: "List the runs" },
  ],
  rest: { name: "WORD", help: "the words so far; the last one is completed" },
  load: () => import("../actions/complete.ts"),
});

/** The process behind `run -d`. */
export const supervise = defineCommand({
  name: "supervise",
  summary: "Carry a detached run to its end",
  section: "Runs",
  hidden: true,
  examples: [
    { line: "bowline supervise 0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11", does: "Take over the run that run -d made" },
    {
      line: "bowline supervise 0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11 --config team.yaml",
      does: "The same with a named config",
    },
  ],
  args: { RUN: { help: "the run's uuid" } },
  load: () => import("../actions/supervise.ts"),
});

/** What `npm run reference` calls. */
export const reference = defineCommand({
  name: "__reference",
  summary: "Print a page of the reference",
  section: "Setting up",
  hidden: true,
  examples: [
    { line: "bowline __reference commands", does: "Print docs/reference/commands.md" },
    { line: "bowline __reference errors", does: "Print docs/reference/errors.md" },
  ],
  args: { PAGE: { help: "which page", choices: ["commands", "errors"] } },
  load: () => import("../actions/reference.ts"),
});
