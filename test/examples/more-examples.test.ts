import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeSshKey, noSshServer, startSshServer } from "../support/index.ts";
import { TOKEN, WEIGHTS } from "./page-servers.ts";
import { example, referenceTo, startPage, tryService, type Page } from "./page.ts";

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
afterAll(() => page.close());

test("two private repositories: side by side, each in the folder of its connection", async () => {
  const { record } = await run("two-private-repositories");
  expect(record).toMatchObject({ name: "train-on-data", status: "succeeded" });
  expect(byConnection(record.codeReferences)).toMatchObject([
    { connection: "data", history: 1, ...(await referenceTo(page, "github.com/org/private-repo1", "main")) },
    {
      connection: "training",
      history: "full",
      ...(await referenceTo(page, "github.com/org/private-repo2", "branchA")),
    },
  ]);
  expect(await page.user.logs(record.uuid)).toBe("hello from branchA\n");
});

test("a custom init container: after the git step, before the job", async () => {
  const { record } = await run("custom-init-container");
  expect(record.status).toBe("succeeded");
  expect(await page.user.logs(record.uuid)).toBe("3\n2\n1\n");
});

test("your own git handler: it gets everything in the secret, and what to fetch", async () => {
  const reference = await referenceTo(page, "gitlab.com/org/test", "branchA");
  await page.user.setSecret("mirror", {
    MIRROR_URL: page.repositories["gitlab.com/org/test"]?.path ?? "",
    MIRROR_USER: "nobody",
    MIRROR_PASSWORD: "not asked for",
  });
  const { record } = await run("own-git-handler");
  expect(record).toMatchObject({ status: "succeeded", codeReferences: [{ ...reference, by: "handler" }] });
  expect(record.warnings).toContainEqual(expect.objectContaining({ code: "HANDLER_NOT_PINNED", line: 9 }));
  expect(await page.user.logs(record.uuid)).toBe('print("hello from branchA")\n');
});

test("submodules: each with a credential of its own", async () => {
  const { record } = await run("submodules", ["-f", "-"], {
    input: (await readFile(example("submodules/polyaxonfile.yaml"), "utf8")).replace(
      "submodules: true",
      "submodules: true, revision: with-submodules",
    ),
  });
  expect(await page.user.logs(record.uuid)).toBe("1 2 3\none two\n");
  expect(record.codeReferences[0]?.submodules?.map(({ path }) => path)).toEqual(["lib", "vendor"]);
});

test.skipIf(noLfs() !== undefined)(`Git LFS: contents instead of pointers${noLfs() ?? ""}`, async () => {
  const { record } = await run("lfs", ["-f", "-"], {
    input: (await readFile(example("lfs/polyaxonfile.yaml"), "utf8")).replace(
      "lfs: true",
      "lfs: true, revision: with-lfs",
    ),
  });
  const digest = createHash("sha256").update(WEIGHTS).digest("hex");
  expect(await page.user.logs(record.uuid)).toBe(`${digest}  data/weights.bin\n`);
});

test("a handler that leaves another commit than was asked for: told as it is, with a warning", async () => {
  const command = `[git, clone, --quiet, --branch=main, $(BOWLINE_GIT_URL), $(BOWLINE_GIT_PATH)]`;
  const init = `{connection: repo-test, git: {revision: branchA}, container: {name: own, command: ${command}}}`;
  const args = ["-f", "-", "--config", example("service/bowline.yaml"), "--", "cat", "model.py"];
  const { record } = await page.user.run(args, { input: `run: {kind: job, init: [${init}]}\n` });
  const { commit } = await referenceTo(page, "gitlab.com/org/test", "main");
  expect(record.codeReferences).toMatchObject([{ revision: "branchA", commit, ref: "refs/heads/main", by: "handler" }]);
  expect(record.warnings).toContainEqual(expect.objectContaining({ code: "HANDLER_OTHER_COMMIT" }));
});

test.skipIf(noSshServer !== undefined)(
  `ssh: a deploy key and a known host${noSshServer === undefined ? "" : ` (skipped: ${noSshServer})`}`,
  async () => {
    const { path } = page.repositories["gitlab.com/org/test"] ?? { path: "" };
    const key = await makeSshKey();
    const server = await startSshServer({ root: join(path, "../.."), keys: [{ publicKey: key.publicKey }] });
    try {
      await page.user.setSecret("deploy-key", { "ssh-privatekey": key.privateKey, known_hosts: server.knownHosts });
      const config = join(page.user.home, "ssh.yaml");
      const text = await readFile(example("ssh/bowline.yaml"), "utf8");
      await writeFile(config, text.replace("git@gitlab.com:org/test.git", `${server.url}/org/test.git`));
      const { record } = await page.user.run(["-f", example("ssh/polyaxonfile.yaml"), "--config", config]);
      const { commit } = await referenceTo(page, "gitlab.com/org/test", "main");
      expect(record.codeReferences).toMatchObject([{ commit, ref: "refs/tags/v1.0", revision: "v1.0" }]);
      expect(await page.user.logs(record.uuid)).toBe('print("hello from main")\n');
    } finally {
      await server.close();
    }
  },
);

test("a service: runs until it is stopped", async () => {
  const { log, started, ended } = await tryService(page.user, files("service"), "ready");
  expect(log).toBe("ready\n");
  expect(started.status).toMatch(/^(scheduled|starting|running)$/);
  expect(ended).toMatchObject({ kind: "service", status: "stopped" });
});

describe("params", () => {
  test("from an operation", async () => {
    const { record } = await run("params", ["-f", example("params/operation.yaml")]);
    expect(record.codeReferences).toMatchObject([await referenceTo(page, "gitlab.com/org/test", "branchA")]);
    expect(await page.user.logs(record.uuid)).toBe(
      'print("hello from branchA")\nepochs=3 --rate=0.1 --verbose mode=fast\n',
    );
  });

  test("from the command line", async () => {
    const params = ["-P", 'code={"revision": "v0.1"}', "-P", "epochs=5", "-P", "mode=slow"];
    const { record } = await run("params", [...files("params").slice(0, 2), ...params]);
    expect(record.codeReferences).toMatchObject([await referenceTo(page, "gitlab.com/org/test", "v0.1")]);
    expect(await page.user.logs(record.uuid)).toBe('print("hello from main")\nepochs=5 --rate=0.1 mode=slow\n');
  });

  test("a missing one is an error that names it", async () => {
    const { stdout, exitCode } = await page.user.bowline(["run", "-o", "json", ...files("params"), "-P", "code={}"]);
    expect(JSON.parse(stdout)).toMatchObject({ errors: [{ code: "PARAM_INVALID", message: /epochs/ }] });
    expect(exitCode).toBe(2);
  });
});

test("presets: laid over the file in order", async () => {
  const presets = ["branch", "queue"].flatMap((name) => ["-f", example(`presets/${name}.yaml`)]);
  const { record } = await run("presets", [...files("presets").slice(0, 2), ...presets]);
  expect(record.codeReferences).toMatchObject([await referenceTo(page, "gitlab.com/org/test", "branchA")]);
  expect(await page.user.logs(record.uuid)).toBe('print("hello from branchA")\nqueue=slow\n');
});

test("git within the job: two secrets on one host keep apart", async () => {
  const authority = { "ca.crt": page.hosts.ca };
  await page.user.setSecret("team-secret", { POLYAXON_GIT_CREDENTIALS: "team token", ...authority });
  await page.user.setSecret("org-secret", { POLYAXON_GIT_CREDENTIALS: TOKEN, ...authority });
  const { record } = await run("main-container-connections");
  expect(record.status).toBe("succeeded");
  expect(await page.user.logs(record.uuid)).toBe('print("hello from the team")\nprint("hello from tools")\n');
});

/** Runs an example with its own config, and its polyaxonfile unless told otherwise. */
function run(
  folder: string,
  args: string[] = files(folder).slice(0, 2),
  options?: { input: string },
): ReturnType<Page["user"]["run"]> {
  return page.user.run([...args, ...files(folder).slice(2)], options);
}

function files(folder: string): string[] {
  return ["-f", example(`${folder}/polyaxonfile.yaml`), "--config", example(`${folder}/bowline.yaml`)];
}

function byConnection<T extends { connection?: string }>(references: T[]): T[] {
  return references.toSorted((a, b) => (a.connection ?? "").localeCompare(b.connection ?? ""));
}

function noLfs(): string | undefined {
  try {
    execFileSync("git", ["lfs", "version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return " (skipped: no git-lfs here; Debian: apt-get install git-lfs)";
  }
}
