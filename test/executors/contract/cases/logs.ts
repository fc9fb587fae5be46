import { expect, test } from "vitest";
import { job, TOKEN, type Subject } from "../subject.ts";

interface Line {
  container: string;
  stream: string;
  text: string;
}

/** Logs: of every container, live, in order, with the secrets masked. */
export function logCases(subject: Subject): void {
  const { harness } = subject;

  test("followed live: every line once, in order within its stream, stdout and stderr apart", async () => {
    const desk = await subject.desk();
    const script =
      "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo out $i; echo err $i >&2; [ $((i%100)) = 0 ] && sleep 0.3; done; printf end";
    const record = await subject.detached(desk, job(subject, { script }));
    const { stdout, exitCode } = await desk.bowline(["logs", "-f", record.uuid, "-o", "json"]);
    expect(exitCode).toBe(0);
    const lines = linesOf(stdout);
    const numbers = (stream: string, word: string): number[] =>
      lines.flatMap((line) =>
        line.stream === stream && line.text.startsWith(word) ? Number(line.text.split(" ")[1]) : [],
      );
    const upTo300 = Array.from({ length: 300 }, (_, index) => index + 1);
    const stderr = "one stream" in harness.otherwise ? "stdout" : "stderr";
    expect(numbers("stdout", "out")).toEqual(upTo300);
    expect(numbers(stderr, "err")).toEqual(upTo300);
    expect(lines.filter(({ stream }) => stream !== "bowline").at(-1)?.text).toBe("end");
  });

  test("init steps and sidecars have logs of their own", async () => {
    const desk = await subject.desk();
    const image = harness.images.shell;
    const head = [
      `init: [{container: {name: make, image: "${image}", command: [echo, made]}}]`,
      `sidecars: [{name: side, image: "${image}", command: [sh, -c, "echo beside; while :; do sleep 0.1; done"]}]`,
    ];
    const record = await subject.succeeds(desk, job(subject, { script: "sleep 2; echo main", head }));
    expect([...record.logs].sort()).toEqual(["init/make", "main", "sidecar/side"]);
    for (const [container, text] of [
      ["init/make", "made"],
      ["sidecar/side", "beside"],
      ["main", "main"],
    ] as const)
      expect(await subject.log(desk, record, container)).toBe(text);
  });

  test("the run's own secrets are masked, whatever writes them", async () => {
    const { url } = subject.server();
    const desk = await subject.desk([`{name: repo, kind: git, schema: {url: "${url}/org/test"}, secret: {name: s}}`]);
    await harness.setSecret(desk, "s", { POLYAXON_GIT_CREDENTIALS: TOKEN });
    const script = 'echo "<$POLYAXON_GIT_CREDENTIALS>"; printf %s "$POLYAXON_GIT_CREDENTIALS" | base64 >&2';
    const { record, answer } = await subject.run(desk, job(subject, { script, head: ["connections: [repo]"] }));
    expect(record.status).toBe("succeeded");
    const text = (await desk.bowline(["logs", record.uuid, "--all-containers"])).stdout + answer.stderr + answer.stdout;
    expect(text).toContain("<***>");
    for (const secret of [TOKEN, Buffer.from(TOKEN).toString("base64").slice(0, 24)])
      expect(text).not.toContain(secret);
  });
}

function linesOf(text: string): Line[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}
