import { readFile } from "node:fs/promises";
import { posix } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunRecord } from "../../../../src/runs/index.ts";
import type { Desk } from "../../../cli/bowline.ts";
import { startPageServers, TOKEN, USER_AND_PASSWORD, type PageServers } from "../../../examples/page-servers.ts";
import { example } from "../../../examples/page.ts";
import { until } from "../../../runs/living.ts";
import { git } from "../../../support/index.ts";
import { artifactsOf, type Subject } from "../subject.ts";

/** The blocks of the page, as completed in `examples/page`: one expectation for every executor, so that their records are the same. */
export function pageCases(subject: Subject): void {
  const { harness } = subject;
  let page: PageServers;

  /** A user of the page: its catalog, with the stand-ins for its hosts as the proxy of each connection. */
  async function deskFor(catalog: string): Promise<Desk> {
    const desk = await subject.desk();
    const text = await readFile(example(catalog), "utf8");
    const connections = text.replaceAll(/^( +)url: (https:.*)$/gm, `$1url: $2\n$1proxy: "${page.hosts.proxy}"`);
    await desk.write("bowline.yaml", `executor: ${harness.config}\n${connections}${harness.moreConfig ?? ""}`);
    const authority = { "ca.crt": page.hosts.ca };
    await harness.setSecret(desk, "gitlab-connection", { POLYAXON_GIT_CREDENTIALS: TOKEN, ...authority });
    await harness.setSecret(desk, "git-secret", { POLYAXON_GIT_CREDENTIALS: USER_AND_PASSWORD, ...authority });
    await desk.write("reach.yaml", `runPatch: {environment: ${harness.reaching}}\n`);
    return desk;
  }

  /** The words for a block, with images that are here instead of those that no registry of a test has. */
  async function blockOf(desk: Desk, block: string): Promise<string[]> {
    const text = await readFile(example(block), "utf8");
    const images = text.replaceAll(/^( +)image: .*$/gm, `$1image: "${harness.images.git}"`);
    await desk.write("block.yaml", images);
    return ["-f", "block.yaml", "-f", "reach.yaml", "-o", "json", "--image", harness.images.git];
  }

  async function commitOf(repository: string, revision: string): Promise<string> {
    return git(page.repositories[repository]?.path ?? "", ["rev-parse", revision]);
  }

  /** The record without what differs from run to run, or from machine to machine. */
  function outline(desk: Desk, record: RunRecord): unknown {
    const artifacts = artifactsOf(subject, desk, record);
    return {
      ...{ name: record.name, kind: record.kind, status: record.status, exitCode: record.exitCode },
      codeReferences: record.codeReferences.map(
        ({ connection, url, revision, ref, commit, path = "", by, history }) => ({
          ...{ connection, url, revision, ref, commit, by, history },
          path: posix.relative(artifacts, path),
        }),
      ),
    };
  }

  async function runs(block: string, command: string[], catalog = "page/02-connection/completed.yaml") {
    const desk = await deskFor(catalog);
    const words = [...(await blockOf(desk, block)), ...(command.length === 0 ? [] : ["--", ...command])];
    const record = await subject.recordOf(desk, ["run", ...words]);
    return { outline: outline(desk, record), log: await subject.log(desk, record), record };
  }

  function reference(repository: string, commit: string, more: object = {}) {
    return {
      ...{ connection: "repo-test", url: `https://${repository}`, commit, ref: "refs/heads/main" },
      ...{ by: "engine", history: 1, path: "repo-test", ...more },
    };
  }

  describe("the page", () => {
    beforeAll(async () => {
      page = await startPageServers(harness.host);
    }, 120_000);
    afterAll(() => page.close());

    test("03 init param: an operation with its component", async () => {
      const commit = await commitOf("gitlab.com/org/test", "main");
      const ran = await runs("page/03-init-param/completed.yaml", []);
      expect(ran.outline).toEqual({
        ...{ name: "newest-commit", kind: "job", status: "succeeded", exitCode: 0 },
        codeReferences: [reference("gitlab.com/org/test", commit)],
      });
      expect(ran.log).toBe(`${commit.slice(0, 7)} Ada Lovelace Add numbers`);
    });

    test("04 init container: its own command clones", async () => {
      const commit = await commitOf("gitlab.com/org/test", "main");
      const { log, ended, desk } = await service("page/04-init-container/completed.yaml", "hello");
      expect(log).toBe('print("hello from main")');
      expect(outline(desk, ended)).toMatchObject({
        ...{ name: "numbers", kind: "service", status: "stopped" },
        codeReferences: [{ connection: "repo-test", commit, by: "handler", path: "repo-test" }],
      });
    });

    test("05 branch, 06 url override, 07 flags: the code is what was asked for", async () => {
      const cat = ["cat", "model.py"];
      const branch = await runs("page/05-branch-or-commit/completed.yaml", cat);
      const branchA = await commitOf("gitlab.com/org/test", "branchA");
      const asked = { revision: "branchA", ref: "refs/heads/branchA" };
      expect(branch).toMatchObject({
        outline: { status: "succeeded", codeReferences: [reference("gitlab.com/org/test", branchA, asked)] },
        log: 'print("hello from branchA")',
      });
      const fork = await runs("page/06-url-override/completed.yaml", cat);
      const forked = await commitOf("gitlab.com/org/test-fork", "main");
      expect(fork).toMatchObject({
        outline: { status: "succeeded", codeReferences: [reference("gitlab.com/org/test-fork", forked)] },
        log: 'print("hello from the fork")',
      });
      const flags = await runs("page/07-flags/completed.yaml", []);
      expect(flags).toMatchObject({ outline: { status: "succeeded" } });
      expect(flags.log.split("\n")).toContain("1");
    });

    test("08 main container: the service itself clones with the connection's secret", async () => {
      const { log, ended } = await service("page/08-main-container/completed.yaml", "Add numbers", {
        // The image of the page begins in a folder that its user may write; ours does not.
        container: { workingDir: "{{ globals.artifacts_path }}" },
      });
      const commit = await commitOf("gitlab.com/org/test", "main");
      expect(log.split("\n").at(-1)).toBe(`${commit.slice(0, 7)} Add numbers`);
      expect(ended).toMatchObject({ status: "stopped", codeReferences: [] });
    });

    test("11 two private repositories with one secret", async () => {
      const desk = await deskFor("page/11-private-repositories/completed.yaml");
      const inits = "init: [{connection: repo1}, {connection: repo2}]";
      await desk.write(
        "block.yaml",
        `version: 1.1\nkind: component\nrun:\n  kind: job\n  ${inits}\n  container: {image: "${harness.images.git}", command: [sh, -c, "ls {{ globals.artifacts_path }} | grep repo"]}\n`,
      );
      const record = await subject.recordOf(desk, ["run", "-f", "block.yaml", "-f", "reach.yaml", "-o", "json"]);
      expect(outline(desk, record)).toMatchObject({
        status: "succeeded",
        codeReferences: await Promise.all(
          ["1", "2"].map(async (number) => ({
            ...{ connection: `repo${number}`, path: `repo${number}`, by: "engine" },
            commit: await commitOf(`github.com/org/private-repo${number}`, "main"),
          })),
        ),
      });
      expect(await subject.log(desk, record)).toBe("repo1\nrepo2");
    });
  });

  async function service(block: string, text: string, patch: object = {}) {
    const desk = await deskFor("page/02-connection/completed.yaml");
    await desk.write("patch.yaml", JSON.stringify({ runPatch: patch }));
    const words = [...(await blockOf(desk, block)), "-f", "patch.yaml"];
    const started = await subject.recordOf(desk, ["run", "-d", ...words]);
    const log = await until(async () => {
      const seen = await subject.log(desk, started);
      return seen.includes(text) && seen;
    });
    await desk.bowline(["stop", started.uuid, "-y"]);
    return { desk, log, ended: await subject.recordOf(desk, ["get", started.uuid, "-o", "json"]) };
  }
}
