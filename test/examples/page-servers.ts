import {
  DEFAULT_REPOSITORY,
  makeRepository,
  startGitServer,
  temporaryFolder,
  type Repository,
} from "../support/index.ts";
import { startNamedHosts, type NamedHosts } from "./named-hosts.ts";

/** As awkward as a token may be. */
export const TOKEN = "t0k@en/with#all%of?these and spaces";
export const USER_AND_PASSWORD = "a.user@corp:p@ss:w/o#r%d? and spaces";

/** What an LFS pointer on the branch `with-lfs` stands for. */
export const WEIGHTS = "weights".repeat(1000);

export interface PageServers {
  hosts: NamedHosts;
  /** By `host/owner/name`. */
  repositories: Record<string, Repository>;
  /** Every Authorization header that a host was sent, by the host's name. */
  authorizations: (host: string) => (string | undefined)[];
  close: () => Promise<void>;
}

/** The hosts that the page and the other examples name, each by a stand-in that behaves like it, with their repositories. */
export async function startPageServers(listen?: string): Promise<PageServers> {
  const [username = "", password = ""] = splitAtColon(USER_AND_PASSWORD);
  const accounts = [
    { token: TOKEN, access: ["org"] },
    { username, password, access: ["org"] },
    { token: "team token", access: ["team"] },
  ];
  const objects = new Map<string, Buffer>();
  // As GitLab does: what its objects are asked with is told with their places.
  const header = { Authorization: `Basic ${Buffer.from(`oauth2:${TOKEN}`).toString("base64")}` };
  const gitlab = await startGitServer({ forge: "gitlab", accounts, lfs: { objects, header } });
  const github = await startGitServer({ forge: "github", accounts, public: ["polyaxon"] });
  const elsewhere = await startGitServer({ root: await temporaryFolder() });
  const repositories: Record<string, Repository> = {};
  const words = await github.add("org/words", { commits: [{ files: { "words.txt": "one two\n" } }] });
  const lib = await gitlab.add("org/lib", { commits: [{ files: { "numbers.txt": "1 2 3\n" } }] });
  const modules = [module("lib", "../lib.git"), module("vendor", "https://github.com/org/words")].join("");
  repositories["gitlab.com/org/test"] = await gitlab.add("org/test", {
    ...DEFAULT_REPOSITORY,
    commits: [
      ...(DEFAULT_REPOSITORY.commits ?? []),
      {
        branch: "with-submodules",
        from: "main",
        files: {
          ".gitmodules": modules,
          lib: { submodule: lib.commits["main"] as string },
          vendor: { submodule: words.commits["main"] as string },
        },
      },
      {
        branch: "with-lfs",
        from: "main",
        files: {
          ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
          "data/weights.bin": { lfs: WEIGHTS },
        },
      },
    ],
  });
  for (const [oid, content] of repositories["gitlab.com/org/test"].lfs) objects.set(oid, content);
  repositories["gitlab.com/org/test-fork"] = await gitlab.add("org/test-fork", model("the fork"));
  repositories["github.com/polyaxon/polyaxon-quick-start"] = await github.add(
    "polyaxon/polyaxon-quick-start",
    model("the quick start"),
  );
  repositories["github.com/org/private-repo1"] = await github.add("org/private-repo1");
  repositories["github.com/org/private-repo2"] = await github.add("org/private-repo2");
  repositories["github.com/org/tools"] = await github.add("org/tools", model("tools"));
  repositories["github.com/team/code"] = await github.add("team/code", model("the team"));
  // The page's `https://new.com`: a repository at the root of a host.
  repositories["new.com"] = await makeRepository(elsewhere.root, model("new.com"));
  const servers = { "gitlab.com": gitlab, "github.com": github, "new.com": elsewhere };
  const hosts = await startNamedHosts(servers, listen);
  return {
    hosts,
    repositories,
    authorizations: (host) =>
      servers[host as keyof typeof servers].requests.map(({ headers }) => headers.authorization),
    close: async () => {
      await hosts.close();
      await Promise.all(Object.values(servers).map((server) => server.close()));
    },
  };
}

function model(name: string): { commits: { files: Record<string, string> }[] } {
  return { commits: [{ files: { "model.py": `print("hello from ${name}")\n` } }] };
}

function module(path: string, url: string): string {
  return `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`;
}

function splitAtColon(text: string): string[] {
  const colon = text.indexOf(":");
  return [text.slice(0, colon), text.slice(colon + 1)];
}
