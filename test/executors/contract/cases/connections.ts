import { join } from "node:path";
import { expect, test } from "vitest";
import { git } from "../../../support/index.ts";
import { job, TOKEN, type Subject } from "../subject.ts";

const AUTHOR = "-c user.name=A -c user.email=a@b";

/** `connections:` of the main container: variables, files, and git that just works. */
export function connectionCases(subject: Subject): void {
  const { harness } = subject;

  test("plain git pull and push work in the job, with the secret of each connection, and leave nothing in .git", async () => {
    const { url, root } = subject.server();
    const desk = await subject.desk([
      `{name: first, kind: git, schema: {url: "${url}/org/test"}, secret: {name: s}}`,
      `{name: second, kind: git, schema: {url: "${url}/bob/repo"}, secret: {name: b}}`,
    ]);
    await harness.setSecret(desk, "s", { POLYAXON_GIT_CREDENTIALS: TOKEN });
    await harness.setSecret(desk, "b", { POLYAXON_GIT_CREDENTIALS: "bob:p@ss:w0rd of bob" });
    const script = `set -e; cd {{ globals.artifacts_path }}; for name in first second; do
      cd $name; git pull -q; echo new > new-$name; git add .; git ${AUTHOR} commit -qm "new $name"
      git push -q origin HEAD:refs/heads/pushed-${harness.executor}; git status --porcelain
      git config --list --local | grep -ciE 'oauth2|extraheader|t0ken|w0rd' || true; cd ..
      done`;
    const head = [
      "init: [{connection: first}, {connection: second}]",
      "connections: [first, second]",
      `environment: ${harness.reaching}`,
    ];
    const record = await subject.succeeds(desk, job(subject, { script, head, image: harness.images.git }));
    expect(await subject.log(desk, record)).toBe("0\n0");
    for (const [repository, name] of [
      ["org/test", "first"],
      ["bob/repo", "second"],
    ] as const) {
      const bare = join(root, `${repository}.git`);
      expect(await git(bare, ["log", "-1", "--format=%s", `pushed-${harness.executor}`])).toBe(`new ${name}`);
    }
    expect(record.warnings ?? []).toContainEqual(expect.objectContaining({ code: "VARIABLE_TWICE" }));
  });

  test("keys are variables, or files that only the job's user may read", async () => {
    const desk = await subject.desk([
      "{name: keys, kind: custom, secret: {name: k}}",
      "{name: files, kind: custom, secret: {name: f, mountPath: /etc/files}}",
    ]);
    await harness.setSecret(desk, "k", { API_KEY: "key of keys", OTHER: "o" });
    await harness.setSecret(desk, "f", { "a.txt": "text of a" });
    const script =
      'echo "$OTHER"; [ "$API_KEY" = "key of keys" ] && echo yes; cd "$POLYAXON_CONNECTION_CONTEXT_PATH_FILES"; stat -L -c %a a.txt | cut -c3; wc -c < a.txt';
    const record = await subject.succeeds(desk, job(subject, { script, head: ["connections: [keys, files]"] }));
    expect((await subject.log(desk, record)).split("\n").map((line) => line.trim())).toEqual(["o", "yes", "0", "9"]);
  });
}
