import { defineCommand, OUTPUT } from "../command.ts";
import { EXECUTOR, REGISTRY } from "../executor-options.ts";

export const schema = defineCommand({
  name: "schema",
  summary: "Print the JSON Schema of a file, for editors",
  description:
    "Prints the JSON Schema of the config or of the polyaxonfile. The package ships both under schemas/; an editor that is " +
    "pointed to one completes and explains every key.",
  section: "Setting up",
  examples: [
    {
      line: "bowline schema polyaxonfile > polyaxonfile.schema.json",
      does: "Keep the schema of polyaxonfiles for an editor",
    },
    { line: "bowline schema config", does: "See every key of bowline.yaml with its meaning" },
  ],
  args: { FILE: { help: "which file's schema", choices: ["config", "polyaxonfile"] } },
  load: () => import("../actions/schema.ts"),
});

export const demo = defineCommand({
  name: "demo",
  summary: "Watch Bowline at work on this machine alone",
  description:
    "Starts a git server on loopback with two private repositories and a public one, writes a catalog, stores a secret, " +
    "and runs three polyaxonfiles with the commands you would type. Leaves nothing, unless asked to keep.",
  section: "Setting up",
  examples: [
    { line: "bowline demo", does: "Watch it; under 15 seconds" },
    { line: "bowline demo --keep", does: "Watch it, and keep the folder to play in" },
    { line: "bowline demo --keep play", does: "The same in ./play; once it is there, starts its git server again" },
  ],
  args: { DIR: { help: "with --keep: the folder (default: ./bowline-demo)", optional: true, completes: "folder" } },
  options: { keep: { help: "keep the folder with repositories, catalog, secret and polyaxonfiles" } },
  load: () => import("../actions/demo.ts"),
});

export const doctor = defineCommand({
  name: "doctor",
  summary: "Check what this machine has and Bowline needs",
  section: "Setting up",
  examples: [
    { line: "bowline doctor", does: "See whether Node, git, ssh and the folders are as they should be" },
    { line: "bowline doctor -o json", does: "The same for a script or a bug report" },
    {
      line: "bowline doctor --executor kubernetes -n team-a",
      does: "What runs need in a namespace: rights one by one, image, Secrets; then the Role to ask for",
    },
  ],
  options: {
    ...EXECUTOR,
    executor: { ...EXECUTOR.executor, help: "look also at what this one needs (else the config's)" },
    registry: REGISTRY,
    ...OUTPUT,
  },
  load: () => import("../actions/doctor.ts"),
});

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
