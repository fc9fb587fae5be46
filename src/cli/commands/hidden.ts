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
