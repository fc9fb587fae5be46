import { expect, test } from "vitest";
import { job, TOKEN, type Subject } from "../subject.ts";

/** Users other than root: the code is theirs, git works in it, secrets are readable. */
export function userCases(subject: Subject): void {
  const { harness } = subject;

  test.each([
    ["root", "{runAsUser: 0}", "0"],
    ["the image's own user", undefined, "65532"],
    ["a random user id", "{runAsUser: 48211, runAsGroup: 48211}", "48211"],
  ])("git status and writing in the repository as %s", async (_, context, uid) => {
    const { url } = subject.server();
    const desk = await subject.desk([
      `{name: repo, kind: git, schema: {url: "${url}/org/test"}, secret: {name: s, mountPath: /etc/s}}`,
    ]);
    await harness.setSecret(desk, "s", { POLYAXON_GIT_CREDENTIALS: TOKEN });
    const own = "no other user" in harness.otherwise ? String(process.getuid?.()) : uid;
    const script = `set -e; id -u; git status --porcelain; echo x > new; mkdir -p sub; touch sub/y; git status --porcelain | wc -l
      git add -A; git -c user.name=A -c user.email=a@b commit -qm new; git log --format=%s -1
      wc -c < $POLYAXON_CONNECTION_CONTEXT_PATH_REPO/POLYAXON_GIT_CREDENTIALS; git pull -q; touch {{ globals.run_outputs_path }}/o`;
    const security = context === undefined ? "" : `, securityContext: ${context}`;
    const reaching = harness.reaching.replace(
      /\}$/,
      security.replace(/^, /, harness.reaching === "{}" ? "" : ", ") + "}",
    );
    const head = ["init: [{connection: repo}]", "connections: [repo]", `environment: ${reaching}`];
    const record = await subject.succeeds(desk, job(subject, { script, head, image: harness.images.git }));
    expect((await subject.log(desk, record)).split("\n").map((line) => line.trim())).toEqual([
      own,
      "2",
      "new",
      String(TOKEN.length),
    ]);
    expect(await harness.leftOf(record.uuid)).toEqual([]);
  });
}
