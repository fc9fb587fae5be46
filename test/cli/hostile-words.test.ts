import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { startGitServer, type GitServer } from "../support/index.ts";
import { newDesk } from "./bowline.ts";

const EVIL = "\u001b]0;owned\u0007\u009b31m\u202e=1+1\t";

let server: GitServer;

beforeAll(async () => {
  server = await startGitServer();
  await server.add("org/test", {
    commits: [
      { files: { a: "1\n" } },
      {
        branch: "evil",
        message: `${EVIL} subject`,
        author: `${EVIL} <ada${EVIL}@example.com>`,
        files: { [`f${EVIL}`]: "2" },
      },
    ],
  });
});
afterAll(() => server.close());

test("words of a commit, of a server and of a file reach no terminal as control characters", async () => {
  const desk = await newDesk();
  const connection = `{name: repo-test, kind: git, schema: {url: "${server.url}/org/test"}}`;
  await desk.write("bowline.yaml", `connections: [${connection}]\n`);
  const named = ["--config", "bowline.yaml"];
  await desk.write(
    "job.yaml",
    "run: {kind: job, init: [{connection: repo-test, git: {revision: evil}}], container: {command: [true]}}\n",
  );
  const shown: string[] = [];
  const type = async (line: string, exit: number): Promise<string> => {
    const { stdout, stderr, exitCode } = await desk.bowline([...line.split(" "), ...named]);
    expect(exitCode, `${line}: ${stderr}`).toBe(exit);
    shown.push(stdout, stderr);
    return stdout;
  };
  await type("run -f job.yaml", 0);
  const uuid = (await type("ps -o name", 0)).trim();
  const { codeReferences } = JSON.parse(await type(`get ${uuid} -o json`, 0)) as {
    codeReferences: { subject: string }[];
  };
  expect(codeReferences[0]!.subject).toContain("\u001b]0;owned");
  await type(`get ${uuid}`, 0);
  expect(parse(await type(`get ${uuid} -o yaml`, 0))).toMatchObject({ codeReferences });
  await type("ps -o wide", 0);

  const headers = { "content-type": "application/x-git-upload-pack-result" };
  const words = `ERR ${EVIL}`;
  const body = `${(Buffer.byteLength(words) + 4).toString(16).padStart(4, "0")}${words}0000`;
  server.faults.push({ status: 200, headers, body });
  await type("run -f job.yaml", 5);
  await type("connections check repo-test", 5);
  server.faults.splice(0, Infinity, {
    status: 302,
    headers: { location: `http://127.0.0.2/${encodeURIComponent(EVIL)}${"\u009b"}` },
  });
  await type("connections check repo-test", 5);
  // oxlint-disable-next-line no-control-regex
  for (const text of shown) expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
});
