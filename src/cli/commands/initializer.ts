import { defineCommand } from "../command.ts";

/** Parsed from this record at the entry, without anything else loaded: `../initializer/options.ts`. */
export const git = defineCommand({
  name: "initializer git",
  summary: "Put one repository into a folder: the engine alone",
  description:
    "What an init container runs. The credential comes from POLYAXON_GIT_CREDENTIALS, or from the file that " +
    "BOWLINE_GIT_CREDENTIALS_FILE names. Url, revision and path that are not given are those of BOWLINE_GIT_URL, " +
    "BOWLINE_GIT_COMMIT, BOWLINE_GIT_REF, BOWLINE_GIT_REVISION and BOWLINE_GIT_PATH. With -o json, stdout is the code reference, or the errors.",
  section: "Inside a container",
  examples: [
    {
      line: "bowline initializer git --url https://gitlab.com/org/test --revision branchA --path /code/test",
      does: "Fetch a branch of a repository",
    },
    {
      line: "bowline initializer git --url git@host:org/test --commit 62b2648… --path /code/test --ssh-key-file key --known-hosts-file hosts -o json",
      does: "Fetch one commit over ssh (all 40 digits), and print the code reference",
    },
  ],
  options: {
    url: { value: "URL", help: "the repository" },
    revision: { value: "REVISION", help: "branch, tag or commit (default: the server's HEAD)" },
    commit: { value: "SHA", help: "a pinned commit, all of its digits" },
    ref: { value: "FULLREF", help: "the branch or tag of --commit" },
    path: { value: "DIR", help: "the folder to make; must not exist, or be empty", completes: "folder" },
    connection: { value: "NAME", help: "the connection's name, for messages and the code reference" },
    history: { value: "1|N|commits|full", help: "how much history (default: 1)" },
    tags: { help: "fetch tags" },
    submodules: { help: "fetch submodules" },
    lfs: { help: "fetch LFS objects" },
    sparse: { value: "FOLDER", many: true, help: "check out only this folder" },
    filter: { value: "FILTER", choices: ["blob:none"], help: "leave out old file contents" },
    mount: { help: "mount the files from the cache instead of copying them, where that is possible" },
    cache: { value: "DIR", help: "what is kept between calls", completes: "folder" },
    noCache: { help: "keep nothing" },
    caFile: { value: "PEM", help: "certificates to trust in addition", completes: "file" },
    sshKeyFile: { value: "FILE", help: "the private key for ssh", completes: "file" },
    knownHostsFile: { value: "FILE", help: "the known host keys for ssh", completes: "file" },
    owner: { value: "UID:GID", help: "who the files belong to" },
    deadline: { value: "SECONDS", help: "end after this long" },
    maxBytes: { value: "N", help: "refuse to receive more than this" },
    settings: {
      value: "JSON",
      help: "from an executor: policy, options, and folders of mounted secrets with their scopes",
    },
    resultFile: { value: "FILE", help: "also write there what fits into 4 KiB of the result", completes: "file" },
    resolveOnly: { help: "find the commit, and fetch nothing" },
    leftOnly: { help: "tell the commit that is in --path already, and fetch nothing" },
    output: { short: "o", value: "FORMAT", choices: ["json"], help: "how to print" },
  },
  load: async () => ({
    run: async () => {
      throw new Error("the entry answers this command");
    },
  }),
});
