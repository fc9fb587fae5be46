import { spawnSync } from "node:child_process";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { canDropRights, childScript, type ChildScript } from "../support/child-script.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { addForGit, networkOfTest } from "./request.ts";

let server: GitServer;
let url: string;
let commit: string;
let script: ChildScript;

beforeAll(async () => {
  server = await startGitServer();
  ({ url, commit } = await addForGit(server));
  script = await childScript(`
    import { execFileSync } from "node:child_process";
    import { closeSync, openSync, readdirSync } from "node:fs";
    import { dirname } from "node:path";
    // what cannot be loaded now is never loaded by this process: Node remembers it
    import { materialize } from "#src/git/materialize.ts";
    import "#src/git/http/client.ts";
    import { DEFAULT_POLICY } from "#src/config/index.ts";
    const [url, commit, target, network, what] = args;
    const attempt = (target) => materialize({ url, target, resolution: { commit }, policy: DEFAULT_POLICY, network: JSON.parse(network),
      options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] }, findCredential: async () => undefined,
    }).then(() => "made", (error) => error.name === "BowlineError" ? error.code : String(error.stack));
    const limit = (words) => execFileSync("prlimit", ["--pid", String(process.pid), ...words]);
    const uncaught = [];
    process.on("uncaughtException", (error) => uncaught.push(String(error)));
    const answers = [];
    if (what === "files") {
      limit(["--nofile=120"]);
      for (let room = 0; room < 40; room += 1) {
        const held = [];
        try { for (;;) held.push(openSync("/dev/null")); } catch {}
        for (const file of held.splice(0, room)) closeSync(file);
        answers.push(await attempt(target + room));
        for (const file of held) closeSync(file);
      }
    } else {
      // the threads of this process count too: they are there by then
      answers.push(await attempt(target + "first"));
      limit(["--nproc=1:1"]);
      answers.push(await attempt(target + "second"));
    }
    print({ answers, uncaught, left: readdirSync(dirname(target)) });
  `);
});
afterAll(async () => {
  script.remove();
  await server.close();
});

const canLimit = spawnSync("prlimit", ["--version"]).status === 0;
const noLimit = canLimit ? "" : " (skipped: no prlimit of util-linux here)";
const noOther = canLimit && canDropRights ? "" : " (skipped: needs prlimit, root and Linux)";

interface Limited {
  folder: string;
  answers: string[];
  uncaught: string[];
  left: string[];
}

async function underLimit(what: "files" | "processes", unprivileged: boolean): Promise<Limited> {
  const folder = await temporaryFolder();
  await chmod(folder, 0o777);
  const words = [url, commit, join(folder, "repo"), JSON.stringify(networkOfTest()), what];
  const said = (await script.run(words, { unprivileged, env: { TMPDIR: folder } })) as Omit<Limited, "folder">;
  return { folder, ...said };
}

it.skipIf(!canLimit)(
  `with room for any number of open files it is made or SYSTEM_LIMIT, and nothing is left${noLimit}`,
  async () => {
    const { folder, answers, uncaught, left } = await underLimit("files", false);
    expect(uncaught).toEqual([]);
    expect([...new Set(answers)].toSorted()).toEqual(["SYSTEM_LIMIT", "made"]);
    const made = answers.flatMap((answer, room) => (answer === "made" ? [`repo${room}`] : []));
    expect(left.toSorted()).toEqual(made.toSorted());
    for (const name of made) expect(await git(join(folder, name), ["status", "--porcelain"])).toBe("");
  },
);

it.skipIf(!canLimit)(`what cannot be read is not taken for damaged, or for absent${noLimit}`, async () => {
  const reading = await childScript(`
    import { execFileSync } from "node:child_process";
    import { openSync } from "node:fs";
    import { isShallowAt } from "#src/git/objects/bare-repository.ts";
    import { readManifest } from "#src/git/trees/kept/manifest.ts";
    import { unpackPieces } from "#src/git/trees/kept/unpack-pieces.ts";
    import { readSmallFile } from "#src/lib/index.ts";
    const segments = [{ layer: "passwd", at: 0, size: 1, crc: 0, files: [] }];
    const piece = { folder: "/etc", tree: "/", time: 1, reflink: false, segments, large: [], weight: 1 };
    execFileSync("prlimit", ["--pid", String(process.pid), "--nofile=100"]);
    try { for (;;) openSync("/dev/null"); } catch {}
    const all = await Promise.allSettled([
      readSmallFile("/etc/passwd", 1e6),
      isShallowAt("/etc", "any"),
      readManifest("/etc", { size: 1, crc: 0 }),
      unpackPieces([piece], new AbortController().signal),
    ]);
    print(all.map(({ reason }) => reason?.code ?? String(reason)));
  `);
  expect(await reading.run([])).toEqual(["EMFILE", "SYSTEM_LIMIT", "SYSTEM_LIMIT", "SYSTEM_LIMIT"]);
  reading.remove();
});

it.skipIf(!canLimit || !canDropRights)(`where no thread can be started, this one writes all${noOther}`, async () => {
  const threads = await childScript(`
    import { execFileSync } from "node:child_process";
    import { unpackPieces } from "#src/git/trees/kept/unpack-pieces.ts";
    execFileSync("prlimit", ["--pid", String(process.pid), "--nproc=1:1"]);
    const segments = [{ layer: "passwd", at: 0, size: 0, crc: 0, files: [] }];
    const piece = { folder: "/etc", tree: "/", time: 1, reflink: false, segments, large: [], weight: 100_000 };
    print(await unpackPieces([piece, piece, piece], new AbortController().signal).then(() => "written", String));
  `);
  expect(await threads.run([], { unprivileged: true })).toBe("written");
  threads.remove();
});

it.skipIf(!canLimit || !canDropRights)(`where no process can be started: SYSTEM_LIMIT${noOther}`, async () => {
  const { answers, uncaught, left } = await underLimit("processes", true);
  expect({ answers, uncaught, left }).toEqual({
    answers: ["made", "SYSTEM_LIMIT"],
    uncaught: [],
    left: ["repofirst"],
  });
});
