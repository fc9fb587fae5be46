import { defineCommand } from "../command.ts";

export const completion = defineCommand({
  name: "completion",
  summary: "Print the completion script of a shell",
  description: "Completes commands, options, run ids, connections, secrets and files.",
  section: "Setting up",
  examples: [
    {
      line: 'eval "$(bowline completion bash)"',
      does: "Complete in this bash; put the line into ~/.bashrc to keep it",
    },
    { line: "bowline completion fish > ~/.config/fish/completions/bowline.fish", does: "Complete in every new fish" },
  ],
  args: { SHELL: { help: "the shell", choices: ["bash", "zsh", "fish"] } },
  load: () => import("../actions/completion.ts"),
});

export const version = defineCommand({
  name: "version",
  summary: "Print the version of Bowline",
  section: "Setting up",
  examples: [
    { line: "bowline version", does: "Print the version" },
    { line: "bowline version -o json", does: "Print the versions of Bowline, Node and git for a bug report" },
  ],
  options: { output: { short: "o", value: "FORMAT", choices: ["json", "yaml"], help: "how to print" } },
  load: () => import("../actions/version.ts"),
});
