import { setTimeout as sleep } from "node:timers/promises";
import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Desk } from "../cli/bowline.ts";
import {
  makeSshKey,
  noSshServer,
  startGitServer,
  startSshServer,
  type GitServer,
  type LfsOptions,
  type SshKey,
  type SshServer,
} from "../support/index.ts";
import { job, PASSWORD, privateDesk, setSecret, TOKEN, USER, writeConfig } from "./desk.ts";
import {
  filesWith,
  formsOf,
  formsOfKey,
  leaksIn,
  processesOf,
  readText,
  seenBy,
  until,
  watch,
  type Watching,
} from "./evidence.ts";

const WEIGHTS = "weights".repeat(200);

let server: GitServer;
let elsewhere: GitServer;
let redirecting: GitServer;

beforeAll(async () => {
  const accounts = [
    { token: TOKEN, access: ["org"] },
    { username: USER, password: PASSWORD, access: ["org"] },
  ];
  const objects = new Map<string, Buffer>();
  elsewhere = await startGitServer({ host: "127.0.0.2" });
  redirecting = await startGitServer({ forge: "redirecting", redirectTo: elsewhere.url });
  const lfsOptions: LfsOptions = { objects };
  server = await startGitServer({ accounts, lfs: lfsOptions });
  lfsOptions.objectsUrl = server.url;
  const lib = await server.add("org/lib", { commits: [{ files: { "numbers.txt": "1 2 3\n" } }] });
  const modules = '[submodule "lib"]\n\tpath = lib\n\turl = ../lib.git\n';
  const { lfs } = await server.add("org/test", {
    commits: [
      { files: { "model.py": "print(1)\n" } },
      {
        branch: "with-submodules",
        from: "main",
        files: { ".gitmodules": modules, lib: { submodule: lib.commits["main"]! } },
      },
      {
        branch: "with-lfs",
        from: "main",
        files: { ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "w.bin": { lfs: WEIGHTS } },
      },
    ],
  });
  for (const [oid, content] of lfs) objects.set(oid, content);
});

// Every answer takes its time, so that each process can be looked at.
beforeEach(() => server.faults.splice(0, Infinity, { delay: 40 }));

afterAll(() => Promise.all([server, elsewhere, redirecting].map((each) => each.close())));

// For servers that never answer.
const QUICK = { policy: { timeouts: { connect: "1s", stall: "1s", resolve: "2s", materialize: "5s" } } };

interface Flow {
  words?: string[];
  init?: Record<string, unknown>;
  script?: string;
  connections?: string[];
  wrong?: boolean;
  url?: () => string;
  fault?: GitServer["faults"][number];
  exitCode: number;
}

const FLOWS: [name: string, flow: Flow][] = [
  ["a run", { exitCode: 0 }],
  ["a run with a wrong credential", { wrong: true, exitCode: 4 }],
  ["a run of an unknown branch", { init: { git: { revision: "absent" } }, exitCode: 3 }],
  ["a run that a server redirects to another host", { url: () => redirecting.url, exitCode: 5 }],
  ["a run on a server that stops sending", { fault: { stall: 10 }, exitCode: 5 }],
  ["a run on a server that does not answer", { fault: { stall: 0 }, exitCode: 5 }],
  ["a run on a server whose errors repeat what they were sent", { fault: { status: 500, body: echo() }, exitCode: 5 }],
  ["a run with submodules", { init: { git: { revision: "with-submodules", submodules: true } }, exitCode: 0 }],
  ["a run with LFS", { init: { git: { revision: "with-lfs", lfs: true } }, exitCode: 0 }],
  ["a detached run that is watched", { words: ["run", "-f", "job.json", "-d", "-w"], exitCode: 0 }],
  ["a check", { words: ["connections", "check", "repo-test"], exitCode: 0 }],
  ["a check with a wrong credential", { words: ["connections", "check", "repo-test"], wrong: true, exitCode: 4 }],
  ["a job that pulls and pushes", { connections: ["repo-test"], script: pullAndPush(), exitCode: 0 }],
];

describe.skipIf(process.platform !== "linux")(`no credential is seen (processes: by ${seenBy}; Linux only)`, () => {
  describe.each([
    ["a token", `:${TOKEN}`, TOKEN],
    ["user and password", `${USER}:${PASSWORD}`, PASSWORD],
  ])("when it is %s", (_, value, secret) => {
    test.each(FLOWS)("during and after %s", async (_name, flow) => {
      const desk = await privateDesk();
      const [given, hidden] = flow.wrong ? [`${value}-wrong`, `${secret}-wrong`] : [value, secret];
      const url = `${flow.url?.() ?? server.url}/org/test`;
      await writeConfig(desk, [{ url, secret: "git-secret" }], flow.fault === undefined ? {} : QUICK);
      const { init, connections, script = "sleep 0.1; cat .git/config; env" } = flow;
      await desk.write(
        "job.json",
        job(script, { init: [{ connection: "repo-test", ...init }], ...(connections && { connections }) }),
      );
      await setSecret(desk, "git-secret", { POLYAXON_GIT_CREDENTIALS: given });
      if (flow.fault !== undefined) server.faults.splice(0, Infinity, flow.fault);
      const words = [...(flow.words ?? ["run", "-f", "job.json", "-o", "json"]), "--config", "config.yaml"];
      const mayHold = connections === undefined ? {} : { mayHold: "BOWLINE_RUN_UUID=" };
      const { answer, looked, leaks } = await watch(desk, words, { forms: formsOf(hidden), ...mayHold });
      expect({ leaks, exitCode: answer.exitCode, ...(answer.exitCode !== flow.exitCode && { answer }) }).toEqual({
        leaks: [],
        exitCode: flow.exitCode,
      });
      expect(looked).toBeGreaterThan(0);
      await expectNothingLater(desk, formsOf(hidden));
      expect(elsewhere.requests).toEqual([]);
    });
  });

  test("while it is stored, from standard input and from a file", async () => {
    const desk = await privateDesk();
    const set = ["secrets", "set", "git-secret"];
    const typed = await watch(desk, [...set, "POLYAXON_GIT_CREDENTIALS"], { forms: formsOf(TOKEN), input: TOKEN });
    expect(typed).toMatchObject({ leaks: [], answer: { exitCode: 0 } });
    const outside = await privateDesk();
    const file = await outside.write("token", TOKEN);
    const read = await watch(desk, [...set, "--from-file", `other=${file}`], { forms: formsOf(TOKEN) });
    expect(read).toMatchObject({ leaks: [], answer: { exitCode: 0 } });
    await expectNothingLater(desk, formsOf(TOKEN));
  });

  describe("by the engine alone", () => {
    const words = (url: string): string[] => ["initializer", "git", "--url", url, "--path", "code", "-o", "json"];

    test("from its own environment: in no other process", async () => {
      const desk = await privateDesk();
      const env = { POLYAXON_GIT_CREDENTIALS: `:${TOKEN}` };
      const watching = { forms: formsOf(TOKEN), env, mayHold: "POLYAXON_GIT_CREDENTIALS=" };
      const { answer, leaks } = await watch(desk, words(`${server.url}/org/test`), watching);
      expect({ leaks, code: answer.exitCode, stderr: answer.exitCode === 0 ? "" : answer.stderr }).toEqual({
        leaks: [],
        code: 0,
        stderr: "",
      });
    });

    test("only its own process has it in the environment", async () => {
      const desk = await privateDesk();
      const env = { POLYAXON_GIT_CREDENTIALS: `:${TOKEN}` };
      const mayHold = "POLYAXON_GIT_CREDENTIALS=";
      const holders: string[] = [];
      const meanwhile = async (): Promise<void> => {
        for (let look = 0; look < 60; look += 1) {
          for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
            if (
              !readText(`/proc/${pid}/environ`).includes(desk.folder) ||
              !readText(`/proc/${pid}/environ`).includes(mayHold)
            )
              continue;
            const command = readText(`/proc/${pid}/cmdline`).split("\0").slice(0, 2).join(" ");
            if (!command.startsWith(process.execPath) && !command.startsWith("strace")) holders.push(command);
          }
          await sleep(5);
        }
      };
      await watch(desk, words(`${server.url}/org/test`), { forms: formsOf(TOKEN), env, mayHold, meanwhile });
      expect(holders).toEqual([]);
    });

    test("from a file, and when it is wrong", async () => {
      for (const [content, exitCode] of [
        [`:${TOKEN}`, 0],
        [`:${TOKEN}-wrong`, 4],
      ] as const) {
        const desk = await privateDesk();
        const outside = await privateDesk();
        const file = await outside.write("credentials", `${content}\n`);
        const env = { BOWLINE_GIT_CREDENTIALS_FILE: file };
        const { answer, leaks } = await watch(desk, words(`${server.url}/org/test`), { forms: formsOf(TOKEN), env });
        expect({ leaks, exitCode: answer.exitCode }).toEqual({ leaks: [], exitCode });
      }
    });
  });

  test.each(["during a fetch", "during the job"])("after the supervisor was killed %s", async (moment) => {
    const desk = await privateDesk();
    await writeConfig(desk, [{ url: `${server.url}/org/test`, secret: "git-secret" }]);
    await desk.write("job.json", job("echo began; sleep 20", { connections: ["repo-test"] }));
    await setSecret(desk, "git-secret", { POLYAXON_GIT_CREDENTIALS: `:${TOKEN}` });
    if (moment === "during a fetch") server.faults.splice(0, Infinity, { delay: 600 });
    const child = desk.start(["run", "-f", "job.json", "--config", "config.yaml"]);
    let shown = "";
    const began = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on("data", (chunk) => {
          shown += String(chunk);
          if (shown.includes("began")) resolve();
        });
      }
    });
    if (moment === "during the job") await began;
    else while (!server.requests.at(-1)?.path.includes("upload-pack")) await sleep(20);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    expect(await until(() => processesOf(desk.folder).length === 0)).toBe(true);
    expect(leaksIn(desk, { stdout: shown }, formsOf(TOKEN))).toEqual([]);
    await expectNothingLater(desk, formsOf(TOKEN));
  });
});

describe.skipIf(process.platform !== "linux" || noSshServer !== undefined)(
  `no private key is seen${noSshServer === undefined ? "" : ` (${noSshServer})`}`,
  () => {
    let ssh: SshServer;
    let key: SshKey;
    let other: SshKey;

    beforeAll(async () => {
      [key, other] = await Promise.all([makeSshKey(), makeSshKey()]);
      ssh = await startSshServer({ root: server.root, keys: [{ publicKey: key.publicKey, access: ["org"] }] });
    });
    afterAll(() => ssh.close());

    test.each([
      ["a run", "key", 0],
      ["a run whose key is refused", "other", 4],
    ] as const)("during and after %s", async (_, which, exitCode) => {
      const desk = await privateDesk();
      const { privateKey } = which === "key" ? key : other;
      await writeConfig(desk, [{ url: `${ssh.url}/org/test`, secret: "deploy" }]);
      await desk.write("job.json", job("sleep 0.1; cat .git/config"));
      await setSecret(desk, "deploy", { "ssh-privatekey": privateKey, known_hosts: ssh.knownHosts });
      const watching: Watching = { forms: formsOfKey(privateKey) };
      const { answer, leaks } = await watch(desk, ["run", "-f", "job.json", "--config", "config.yaml"], watching);
      expect({ leaks, exitCode: answer.exitCode }).toEqual({ leaks: [], exitCode });
      await expectNothingLater(desk, formsOfKey(privateKey));
    });
  },
);

test("the scan finds a secret in each of its forms, in a file, in arguments and in an environment", async () => {
  const desk = await privateDesk();
  const forms = formsOf(TOKEN);
  for (const [index, form] of forms.entries()) await writeFile(join(desk.folder, `form-${index}`), `x ${form} y`);
  expect(filesWith(desk.folder, forms)).toHaveLength(forms.length);
  for (const prefix of ["", "a", "ab", "git:"]) {
    expect(forms.some((form) => Buffer.from(`${prefix}${TOKEN}tail`).toString("base64").includes(form))).toBe(true);
  }
  const other = await privateDesk({ HELD: TOKEN });
  const { leaks } = await watch(other, ["version"], { forms });
  expect(leaks.filter((leak) => leak.startsWith("environment of"))).not.toEqual([]);
  const third = await privateDesk();
  const given = await watch(third, ["get", TOKEN], { forms });
  expect(given.leaks.filter((leak) => leak.startsWith("arguments of"))).not.toEqual([]);
});

/** What later commands say of the run, and what is left on disk. */
async function expectNothingLater(desk: Desk, forms: readonly string[]): Promise<void> {
  const uuids = (await desk.bowline(["ps", "-q"])).stdout.split("\n").filter((line) => line !== "");
  for (const uuid of uuids) {
    for (const words of [
      ["get", uuid, "-o", "json"],
      ["logs", uuid, "--all-containers"],
    ]) {
      expect(leaksIn(desk, await desk.bowline(words), forms)).toEqual([]);
    }
  }
  expect(leaksIn(desk, {}, forms)).toEqual([]);
}

function pullAndPush(): string {
  const name = "-c user.name=Ada -c user.email=ada@example.com";
  return [
    "set -e",
    "git fetch -q origin; git pull -q origin main",
    `git ${name} commit -q --allow-empty -m push; git push -q origin HEAD:refs/heads/pushed-$$`,
    `git clone -q "$(git remote get-url origin)" again`,
    "cat .git/config again/.git/config; env; sleep 0.1",
  ].join("\n");
}

/** An error page with the header that the server was sent in it, in all forms. */
function echo(): string {
  const basic = Buffer.from(`git:${TOKEN}`).toString("base64");
  return `<p>${TOKEN} ${PASSWORD} Authorization: Basic ${basic} ${encodeURIComponent(TOKEN)}</p>`;
}
