import { defineCommand, OUTPUT, YES } from "../command.ts";

const section = "Setting up";

export const view = defineCommand({
  name: "config view",
  summary: "Show the config that is used here, and where it comes from",
  section,
  examples: [
    { line: "bowline config view", does: "See which file is read and what follows from it" },
    {
      line: "bowline config view -o wide",
      does: "See of each value whether the config, a variable or a default says so",
    },
    { line: "bowline config view -o json", does: "Print everything, defaults included, for a script" },
  ],
  options: OUTPUT,
  load: () => import("../actions/config-view.ts"),
});

export const trust = defineCommand({
  name: "config trust",
  summary: "Let a found config use stored secrets and set a policy",
  description:
    "A config that was found next to somebody's code may have come with it. Until it is trusted it may use no stored " +
    "secret, no from: source, and set no policy:. Trust is for one path; read the file first.",
  section,
  examples: [
    { line: "bowline config trust", does: "Trust the config found from here upwards, after a question" },
    { line: "bowline config trust ./bowline.yaml -y", does: "Trust this file without a question" },
  ],
  args: { FILE: { help: "the config (default: the one found here)", optional: true, completes: "file" } },
  options: YES,
  load: () => import("../actions/config-trust.ts"),
});

export const init = defineCommand({
  name: "init",
  summary: "Write the git preset of this folder (polyaxongit.yaml)",
  description:
    "`bowline run --git-preset` then puts this repository, at the commit of this clone, before the other init steps.",
  section,
  examples: [
    { line: "bowline init --git-connection repo-test", does: "Use a connection of the catalog for this folder's code" },
    {
      line: "bowline init --git-connection repo-test --git-url https://gitlab.com/org/other",
      does: "The same, with another url",
    },
  ],
  options: {
    gitConnection: { value: "NAME", help: "the connection", completes: "connection" },
    gitUrl: { value: "URL", help: "the repository, where it is not the connection's own" },
    ...YES,
  },
  load: () => import("../actions/init.ts"),
});
