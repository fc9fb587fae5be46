import { posix } from "node:path";
import { expect, test } from "vitest";
import { git } from "../../../support/index.ts";
import { artifactsOf, job, TOKEN, type Subject } from "../subject.ts";

/** The code that a job finds: which commit, where, and what the record says of it. */
export function codeCases(subject: Subject): void {
  const { harness } = subject;
  const connection = (name: string, repository: string): string =>
    `{name: ${name}, kind: git, schema: {url: "${subject.server().url}/${repository}"}, secret: {name: s}}`;

  async function deskWithSecret(...connections: string[]) {
    const desk = await subject.desk(connections);
    await harness.setSecret(desk, "s", { POLYAXON_GIT_CREDENTIALS: TOKEN });
    return desk;
  }

  test("a private repository is in the working directory, at the commit of the record", async () => {
    const desk = await deskWithSecret(connection("repo-test", "org/test"));
    const script = "pwd; cat .git/HEAD; ls";
    const record = await subject.succeeds(desk, job(subject, { script, head: ["init: [{connection: repo-test}]"] }));
    const path = posix.join(artifactsOf(subject, desk, record), "repo-test");
    const [reference] = record.codeReferences;
    expect(reference).toMatchObject({
      connection: "repo-test",
      ref: "refs/heads/main",
      path,
      by: "engine",
      history: 1,
    });
    const bare = `${subject.server().root}/org/test.git`;
    expect(reference).toMatchObject({
      url: `${subject.server().url}/org/test`,
      commit: await git(bare, ["rev-parse", "main"]),
      tree: await git(bare, ["rev-parse", "main^{tree}"]),
      subject: await git(bare, ["log", "-1", "--format=%s", "main"]),
    });
    const [pwd, head] = (await subject.log(desk, record)).split("\n");
    expect([pwd, head]).toEqual([path, "ref: refs/heads/main"]);
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });

  test("two private repositories with one secret, each at its place, with a relative working directory", async () => {
    const desk = await deskWithSecret(connection("first", "org/test"), connection("second", "org/other"));
    const head = [
      "init:",
      "  - {connection: first, git: {revision: branchA}}",
      '  - {connection: second, path: "{{ globals.artifacts_path }}/deep/er"}',
    ];
    const file = job(subject, {
      head,
      script: "pwd; cat ../first/.git/HEAD ../deep/er/second/.git/HEAD",
      more: "workingDir: first",
    });
    const record = await subject.succeeds(desk, file);
    const artifacts = artifactsOf(subject, desk, record);
    expect(record.codeReferences.map(({ path }) => path)).toEqual([
      `${artifacts}/first`,
      `${artifacts}/deep/er/second`,
    ]);
    expect(await subject.log(desk, record)).toBe(`${artifacts}/first\nref: refs/heads/branchA\nref: refs/heads/main`);
  });

  test("params reach the environment, files are written with their mode, in declared order", async () => {
    const desk = await subject.desk();
    const file = `version: 1.1
kind: component
inputs: [{name: epochs, type: int, toEnv: EPOCHS}]
run:
  kind: job
  init:
    - file: {filename: "run.sh", content: "#!/bin/sh\\necho $EPOCHS of {{ epochs }}", chmod: "+x"}
  container: {image: "${harness.images.shell}", command: ["{{ globals.artifacts_path }}/run.sh"], env: [{name: A, value: "1"}, {name: B, value: "$(A)2"}]}
`;
    const record = await subject.succeeds(desk, file, ["-P", "epochs=3"]);
    expect(await subject.log(desk, record)).toBe("3 of 3");
  });

  test("a restart has the same commit, although the branch went on; --fresh has the new one", async () => {
    const { root } = subject.server();
    await subject.server().add("org/moving");
    const desk = await deskWithSecret(connection("moving", "org/moving"));
    const first = await subject.succeeds(
      desk,
      job(subject, { script: "true", head: ["init: [{connection: moving}]"] }),
    );
    const bare = `${root}/org/moving.git`;
    const tree = await git(bare, ["rev-parse", "main^{tree}"]);
    const next = await git(bare, [
      "-c",
      "user.name=A",
      "-c",
      "user.email=a@b",
      "commit-tree",
      tree,
      "-p",
      "main",
      "-m",
      "next",
    ]);
    await git(bare, ["update-ref", "refs/heads/main", next]);
    const again = await subject.recordOf(desk, ["restart", first.uuid, "-o", "json"]);
    expect(again).toMatchObject({ status: "succeeded", restartOf: first.uuid });
    expect(again.codeReferences[0]?.commit).toBe(first.codeReferences[0]?.commit);
    const fresh = await subject.recordOf(desk, ["restart", first.uuid, "--fresh", "-o", "json"]);
    expect(fresh.codeReferences[0]?.commit).toBe(next);
  });

  test("a revision that is not there fails before anything is started, with the engine's error", async () => {
    const desk = await deskWithSecret(connection("repo-test", "org/test"));
    const head = ["init: [{connection: repo-test, git: {revision: branchX}}]"];
    const { record, answer } = await subject.run(desk, job(subject, { script: "true", head }));
    expect(record).toMatchObject({ status: "failed", errors: [{ code: "GIT_REVISION_NOT_FOUND", line: 5 }] });
    expect(record.statuses.some(({ status }) => status === "scheduled")).toBe(false);
    expect(answer.exitCode).toBe(3);
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });
}
