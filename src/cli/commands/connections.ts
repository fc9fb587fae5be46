import { defineCommand, OUTPUT, YES } from "../command.ts";
import { EXECUTOR, REGISTRY, STORE } from "../executor-options.ts";

const NAME = { help: "the connection's name", completes: "connection" } as const;
const section = "Connections and secrets";

export const list = defineCommand({
  name: "connections ls",
  summary: "List the connections of the catalog",
  section,
  examples: [
    { line: "bowline connections ls", does: "See which connections a polyaxonfile can name" },
    { line: "bowline connections ls -o json --config team.yaml", does: "Print another catalog for a script" },
  ],
  options: OUTPUT,
  load: () => import("../actions/connections-ls.ts"),
});

export const get = defineCommand({
  name: "connections get",
  summary: "Show one connection",
  section,
  examples: [
    { line: "bowline connections get repo-test", does: "See its url, its secret's name and its scope" },
    { line: "bowline connections get repo-test -o yaml", does: "Print it as it would stand in a config" },
  ],
  args: { NAME },
  options: OUTPUT,
  load: () => import("../actions/connections-get.ts"),
});

export const check = defineCommand({
  name: "connections check",
  summary: "Say what works with a connection, or the one thing that is wrong",
  description: "Does what a clone would do, up to the first answer about the revision, and fetches nothing.",
  section,
  examples: [
    { line: "bowline connections check repo-test", does: "See whether its token opens its repository" },
    { line: "bowline connections check repo-test --revision branchA", does: "See whether a branch is there, too" },
    {
      line: "bowline connections check repo-test --executor kubernetes",
      does: "The same from inside the cluster, whose network and Secrets jobs have",
    },
  ],
  args: { NAME },
  options: {
    revision: { value: "REVISION", help: "ask for this revision instead of the connection's" },
    ...EXECUTOR,
    executor: { ...EXECUTOR.executor, help: "from where: kubernetes asks from a pod in the cluster" },
    registry: REGISTRY,
    ...OUTPUT,
  },
  load: () => import("../actions/connections-check.ts"),
});

export const trust = defineCommand({
  name: "connections trust",
  summary: "Show an ssh server's host key and keep it in the connection's secret",
  description:
    "Asks the server of an ssh connection for its host keys, shows their fingerprints, and after a yes keeps them as " +
    "known_hosts in the connection's secret. Compare the fingerprints with what the server's owner publishes.",
  section,
  examples: [
    { line: "bowline connections trust repo-ssh", does: "Look at the fingerprints, then decide" },
    {
      line: "bowline connections trust repo-ssh --yes",
      does: "Keep the keys without a question, where nobody can answer",
    },
  ],
  args: { NAME },
  options: { ...STORE, ...YES, ...OUTPUT },
  load: () => import("../actions/connections-trust.ts"),
});
