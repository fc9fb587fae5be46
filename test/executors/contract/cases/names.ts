import { expect, test } from "vitest";
import { artifactsOf, job, TOKEN, type Subject } from "../subject.ts";

/** Names of every length and character that a connection may have. */
export function nameCases(subject: Subject): void {
  const { harness } = subject;

  test("63 characters, dots, upper case, underscores, and two that differ only in the last character", async () => {
    const long = `A${"b.C_d-".repeat(10)}9`;
    const names = ["x", "Repo.Test", "under_score", `${long}Z`, `${long}Y`];
    expect(long.length + 1).toBe(63);
    const { url } = subject.server();
    const desk = await subject.desk(
      names.map(
        (name) => `{name: "${name}", kind: git, schema: {url: "${url}/org/test"}, secret: {name: s.with.dots}}`,
      ),
    );
    await harness.setSecret(desk, "s.with.dots", { POLYAXON_GIT_CREDENTIALS: TOKEN });
    const init = `init: [${names.map((name) => `{connection: "${name}"}`).join(", ")}]`;
    const connections = `connections: [${names.map((name) => `"${name}"`).join(", ")}]`;
    const script =
      "cd {{ globals.artifacts_path }}; for name in *; do [ -e $name/.git/HEAD ] && echo $name; done; true";
    const record = await subject.succeeds(desk, job(subject, { script, head: [init, connections] }));
    const artifacts = artifactsOf(subject, desk, record);
    expect(record.codeReferences.map(({ path }) => path)).toEqual(names.map((name) => `${artifacts}/${name}`));
    expect((await subject.log(desk, record)).split("\n").sort()).toEqual([...names].sort());
  });
}
