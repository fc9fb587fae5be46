import { execa } from "execa";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repository } from "../examples/command.ts";
import { startNamedHosts, type NamedHosts } from "../examples/named-hosts.ts";
import {
  makeSshKey,
  noSshServer,
  startGitServer,
  startSshServer,
  temporaryFolder,
  type ForgeName,
  type GitServer,
} from "../support/index.ts";

/** The five minutes of the README, typed as they stand there, against a stand-in of each host. */
const HOSTS = [
  {
    name: "github.com",
    path: "YOU/REPOSITORY",
    forge: "github",
    username: "x-access-token",
    token: "github_pat a/b@c",
  },
  { name: "gitlab.com", path: "GROUP/PROJECT", forge: "gitlab", username: "oauth2", token: "glpat#1%2?3" },
  { name: "bitbucket.org", path: "WORKSPACE/REPO", forge: "bitbucket", username: "x-token-auth", token: "ATCT=1&2" },
] as const satisfies { name: string; path: string; forge: ForgeName; username: string; token: string }[];

let readme: { yaml: string[]; sh: string[] };
let hosts: NamedHosts;
const servers: Record<string, GitServer> = {};

beforeAll(async () => {
  const text = await readFile(join(repository, "README.md"), "utf8");
  const section = text.slice(text.indexOf("## Five minutes"), text.indexOf("## What differs"));
  const blocks = (language: string): string[] =>
    [...section.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"))].map((match) => match[1] ?? "");
  readme = { yaml: blocks("yaml"), sh: blocks("sh") };
  for (const { name, path, forge, username, token } of HOSTS) {
    const server = await startGitServer({ forge, accounts: [{ username, token }] });
    await server.add(path);
    servers[name] = server;
  }
  hosts = await startNamedHosts(servers);
});

afterAll(async () => {
  await hosts.close();
  await Promise.all(Object.values(servers).map((server) => server.close()));
});

describe.each(HOSTS)("with a repository on $name", ({ name, path, token }) => {
  test("the steps of the README end with the repository's commits", async () => {
    const type = await makeShell({ HTTPS_PROXY: hosts.proxy, SSL_CERT_FILE: hosts.caFile });
    const [config, job] = readme.yaml;
    await type.write("bowline.yaml", withUrl(String(config), `https://${name}/${path}`));
    await type.write("job.yaml", String(job));
    const [, trust, store, , check, run] = readme.sh;
    await type.command(`${String(trust).trim()} -y`);
    await type.command(String(store), token);
    await type.command(String(check));
    expect(await type.command(String(run))).toContain("Add numbers");
  });
});

test.skipIf(noSshServer !== undefined)(
  `with a repository over ssh${noSshServer === undefined ? "" : ` (skipped: ${noSshServer})`}`,
  async () => {
    const { root = "" } = servers["github.com"] ?? {};
    const key = await makeSshKey();
    const server = await startSshServer({ root, keys: [{ publicKey: key.publicKey }] });
    try {
      const type = await makeShell({});
      const [config, job] = readme.yaml;
      const overSsh = withUrl(String(config), `${server.url}/YOU/REPOSITORY.git`).replace("kind: git", "kind: ssh");
      await type.write("bowline.yaml", overSsh);
      await type.write("job.yaml", String(job));
      await type.write(".ssh/deploy_key", key.privateKey);
      const [, trust, , ssh, check, run] = readme.sh;
      await type.command(`${String(trust).trim()} -y`);
      await type.command(String(ssh).replace("connections trust", "connections trust --yes"));
      await type.command(String(check));
      expect(await type.command(String(run))).toContain("Add numbers");
    } finally {
      await server.close();
    }
  },
);

/** The README's config with the url of one host in the place of its choices. */
function withUrl(config: string, url: string): string {
  return config.replace(/url: .*\n( *#.*\n)*/, `url: ${url}\n`);
}

interface Shell {
  write: (file: string, text: string) => Promise<void>;
  /** Types lines into a shell that ends at the first error; gives stdout. */
  command: (lines: string, input?: string) => Promise<string>;
}

/** An empty folder that is somebody's home, where `bowline` is the built command. */
async function makeShell(env: Record<string, string>): Promise<Shell> {
  const home = await temporaryFolder();
  const command = join(home, "bin/bowline");
  const write: Shell["write"] = async (file, text) => {
    await mkdir(dirname(join(home, file)), { recursive: true });
    await writeFile(join(home, file), text, { mode: 0o600 });
  };
  await write("bin/bowline", `#!/bin/sh\nexec '${process.execPath}' '${repository}bin/bowline.js' "$@"\n`);
  await chmod(command, 0o755);
  return {
    write,
    command: async (lines, input = "") => {
      const PATH = `${dirname(command)}:${process.env["PATH"]}`;
      const options = {
        cwd: home,
        env: { HOME: home, PATH, ...env },
        extendEnv: false,
        input,
        all: true,
        reject: false,
      };
      const { exitCode, all, stdout } = await execa("sh", ["-ec", lines], options);
      if (exitCode !== 0) throw new Error(`${lines}\nended with ${exitCode}:\n${all}`);
      return stdout;
    },
  };
}
