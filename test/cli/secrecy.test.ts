import { readdirSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startGitServer, type GitServer } from "../support/index.ts";
import { newDesk, type Answer, type Desk } from "./bowline.ts";

const TOKEN = "t0ken@/#%? :with*everything";
const PASSWORD = "p@ss:w/rd #%?&=";

let server: GitServer;

beforeAll(async () => {
  const accounts = [
    { token: TOKEN, access: ["org"] },
    { username: "ada@example.com", password: PASSWORD, access: ["org"] },
  ];
  server = await startGitServer({ accounts });
  await server.add("org/test");
});

// Everything takes its time, so that a look at the processes finds them all.
beforeEach(() => server.faults.splice(0, Infinity, { delay: 80 }));

afterAll(() => server.close());

const FLOWS: [name: string, words: string[], options: { job?: string; wrong?: boolean }, exitCode: number][] = [
  ["a run", ["run", "-f", "job.yaml"], {}, 0],
  ["a run that asks for an unknown revision", ["run", "-f", "job.yaml", "--git-revision", "absent"], {}, 3],
  ["a run with a refused credential", ["run", "-f", "job.yaml"], { wrong: true }, 4],
  ["a run whose job asked for the connection and prints all it has", ["run", "-f", "job.yaml"], { job: printing() }, 0],
  ["a detached run", ["run", "-f", "job.yaml", "-d", "-w"], {}, 0],
  ["a check", ["connections", "check", "repo-test"], {}, 0],
];

describe.skipIf(process.platform !== "linux")("a secret (looks into /proc: Linux only)", () => {
  describe.each([
    ["a token", `:${TOKEN}`, TOKEN],
    ["user and password", `ada@example.com:${PASSWORD}`, PASSWORD],
  ])("that is %s", (_, value, secret) => {
    test.each(FLOWS)(
      "is nowhere to be seen during and after %s",
      async (_name, words, { job = JOB, wrong }, exitCode) => {
        const desk = await newDesk();
        const config = `{name: repo-test, kind: git, schema: {url: "${server.url}/org/test"}, secret: {name: git-secret}}`;
        await desk.write("bowline.yaml", `connections: [${config}]\n`);
        await desk.write("job.yaml", job);
        const input = wrong ? value.replace("e", "E") : value;
        const hidden = wrong ? secret.replace("e", "E") : secret;
        await desk.bowline(["secrets", "set", "git-secret", "POLYAXON_GIT_CREDENTIALS"], { input });

        const asked = job === JOB ? [] : ["BOWLINE_RUN_UUID="];
        const { answer, seen } = await watching(desk, [...words, "--config", "bowline.yaml"], { hidden, asked });
        expect(answer.exitCode).toBe(exitCode);
        expect(seen.processes).toBeGreaterThan(0);
        expect(seen.found).toEqual([]);
        const forms = formsOf(hidden);
        const shown = `${answer.stdout}${answer.stderr}`;
        expect(forms.filter((form) => shown.includes(form))).toEqual([]);
        const uuid = (await desk.bowline(["ps", "-q"])).stdout.trim();
        if (uuid !== "") await desk.bowline(["logs", uuid, "--all-containers"]);
        expect(await filesWith(desk.folder, forms)).toEqual([]);
      },
    );
  });
});

const JOB = `run:
  kind: job
  init: [{connection: repo-test}]
  container: {command: [sh, -c, "sleep 0.2; git log --oneline; cat .git/config"]}
`;

function printing(): string {
  const script = "sleep 0.2; env; git fetch origin; cat .git/config; echo $POLYAXON_GIT_CREDENTIALS";
  return `run:
  kind: job
  connections: [repo-test]
  init: [{connection: repo-test}]
  container: {command: [sh, -c, ${JSON.stringify(script)}]}
`;
}

/** The forms in which a secret goes about: as it is, percent-encoded, in base64 alone and with the user names of forges. */
function formsOf(secret: string): string[] {
  const users = ["", ":", "ada@example.com:", "x-access-token:", "oauth2:", "git:"];
  const base64 = users.map((user) => Buffer.from(`${user}${secret}`).toString("base64").replace(/=+$/, ""));
  return [secret, encodeURIComponent(secret), ...base64];
}

/** Runs a command and looks meanwhile at every process of the desk; one that has one of `asked` in its environment may hold the secret there. */
async function watching(
  desk: Desk,
  words: string[],
  { hidden, asked }: { hidden: string; asked: string[] },
): Promise<{ answer: Answer; seen: { processes: number; found: string[] } }> {
  const forms = formsOf(hidden);
  const pids = new Set<string>();
  const found = new Set<string>();
  let over = false;
  const running = desk.bowline(words).finally(() => (over = true));
  while (!over) {
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const environment = textOf(`/proc/${pid}/environ`);
      const line = textOf(`/proc/${pid}/cmdline`);
      if (!environment.includes(desk.folder) && !line.includes(desk.folder)) continue;
      pids.add(pid);
      const mayHold = asked.some((name) => environment.includes(name));
      for (const form of forms) if (line.includes(form) || (!mayHold && environment.includes(form))) found.add(line);
    }
    await sleep(4);
  }
  return { answer: await running, seen: { processes: pids.size, found: [...found] } };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

async function filesWith(folder: string, texts: string[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found: string[] = [];
  for (const file of files) {
    const content = await readFile(file);
    if (texts.some((text) => content.includes(text))) found.push(file.slice(folder.length + 1));
  }
  return found;
}
