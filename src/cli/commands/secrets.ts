import { defineCommand, OUTPUT, YES } from "../command.ts";
import { STORE } from "../executor-options.ts";

const NAME = { help: "the secret's name", completes: "secret" } as const;
const section = "Connections and secrets";

export const set = defineCommand({
  name: "secrets set",
  summary: "Store one key of a secret",
  description:
    "The value is read from standard input, or asked for without echo on a terminal. It is never taken from the command " +
    "line, where every process of the machine could read it. One final newline is dropped from a typed or piped value.",
  section,
  examples: [
    { line: "bowline secrets set git-secret POLYAXON_GIT_CREDENTIALS", does: "Type a token, without echo" },
    {
      line: "pass show forge/token | bowline secrets set git-secret POLYAXON_GIT_CREDENTIALS",
      does: "Take it from a password manager",
    },
    {
      line: "bowline secrets set deploy-key --from-file ssh-privatekey=$HOME/.ssh/deploy",
      does: "Store an ssh key from a file",
    },
  ],
  args: { NAME, KEY: { help: "the key in it; with --from-file it is named there", optional: true } },
  options: {
    fromFile: { value: "KEY=PATH", many: true, help: "the file's bytes as they are, as this key", completes: "file" },
    ...STORE,
  },
  excessHint: "a value on the command line can be read by every process here: leave it out, and pipe it in or type it",
  load: () => import("../actions/secrets-set.ts"),
});

export const list = defineCommand({
  name: "secrets ls",
  summary: "List the stored secrets: names and keys, never values",
  section,
  examples: [
    { line: "bowline secrets ls", does: "See which secrets there are" },
    { line: "bowline secrets ls -o name", does: "Print their names" },
  ],
  options: { ...STORE, ...OUTPUT },
  load: () => import("../actions/secrets-ls.ts"),
});

export const remove = defineCommand({
  name: "secrets rm",
  summary: "Delete a secret, or one key of it",
  section,
  examples: [
    { line: "bowline secrets rm git-secret", does: "Delete a secret, after a question" },
    { line: "bowline secrets rm deploy-key passphrase -y", does: "Delete one key of it, without a question" },
  ],
  args: { NAME, KEY: { help: "only this key", optional: true } },
  options: { ...STORE, ...YES },
  load: () => import("../actions/secrets-rm.ts"),
});

export const apply = defineCommand({
  name: "secrets apply",
  summary: "Store the Secrets and ConfigMaps of a Kubernetes manifest",
  section,
  examples: [
    { line: "bowline secrets apply -f git-secret.yaml", does: "Store what the manifest holds" },
    { line: "kubectl get secret git-secret -o yaml | bowline secrets apply -f -", does: "Copy a secret of a cluster" },
  ],
  options: {
    file: { short: "f", value: "FILE", many: true, help: "the manifest; - is standard input", completes: "file" },
    ...STORE,
  },
  load: () => import("../actions/secrets-apply.ts"),
});
