import { posix } from "node:path";
import { expect, test } from "vitest";
import { artifactsOf, job, TOKEN, type Subject } from "../subject.ts";

/** The code that a job finds: which commit, where, and what the record says of it. */
export function codeCases(subject: Subject): void {
  const { harness } = subject;

  test("a private repository is in the working directory, at the commit of the record", async () => {
    const { url } = subject.server();
    const desk = await subject.desk([
      `{name: repo-test, kind: git, schema: {url: "${url}/org/test"}, secret: {name: s}}`,
    ]);
    await harness.setSecret(desk, "s", { POLYAXON_GIT_CREDENTIALS: TOKEN });
    const script = "pwd; cat .git/HEAD; ls";
    const { record } = await subject.run(desk, job(subject, { script, head: ["init: [{connection: repo-test}]"] }));
    expect(record).toMatchObject({ status: "succeeded", exitCode: 0 });
    const path = posix.join(artifactsOf(subject, desk, record), "repo-test");
    expect(record.codeReferences).toMatchObject([
      { connection: "repo-test", url: `${url}/org/test`, ref: "refs/heads/main", path, by: "engine", history: 1 },
    ]);
    const [pwd, head] = (await subject.log(desk, record)).split("\n");
    expect([pwd, head]).toEqual([path, "ref: refs/heads/main"]);
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });
}
