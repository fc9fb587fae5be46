import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { materialize, resolve, type GitEvent } from "../../src/git/index.ts";
import { BowlineError } from "../../src/lib/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer, type Repository } from "../support/index.ts";
import { packet } from "../support/hostile-pack.ts";
import { startMeddler, type MeddledAnswer } from "../support/meddler.ts";
import { requestFor, TOKEN, tokenFor } from "./request.ts";

let server: GitServer;
let repository: Repository;
let tree: string;
beforeAll(async () => {
  server = await startGitServer();
  const before = { name: "first", files: { a: "1\n", "dir/b": "2\n".repeat(40) } };
  repository = await server.add("org/test", { commits: [before, { files: { c: "3\n" } }] });
  tree = await git(repository.path, ["rev-parse", "main^{tree}"]);
});
afterAll(() => server.close());

/** One thing that is wrong with an answer; `at` says where, from 0 to 1. */
interface Meddling {
  command: "ls-refs" | "fetch";
  what: "flip" | "cut" | "drop" | "double" | "swap" | "insert" | "length" | "gzip" | "pieces" | "status";
  at: number;
  value: number;
}

const MEDDLING = fc.record<Meddling>({
  command: fc.constantFrom("ls-refs", "fetch"),
  what: fc.constantFrom(
    "flip",
    "flip",
    "flip",
    "cut",
    "drop",
    "double",
    "swap",
    "insert",
    "length",
    "gzip",
    "pieces",
    "status",
  ),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  value: fc.nat(255),
});

const INSERTED = [
  ...["0000", "0001", "0002", "0004"].map((text) => Buffer.from(text)),
  ...[
    "ERR no\n",
    "acknowledgments\n",
    "packfile\n",
    "wanted-refs\n",
    "shallow-info\n",
    `shallow ${"b0".repeat(20)}\n`,
  ].map(packet),
  ...["\u0002words", "\u0003last words", "\u0001", "\u0001PACK", `${"b0".repeat(20)} refs/heads/main\n`].map(packet),
];
const LENGTHS = ["0003", "fff1", "ffff", "000g", "-001", " 010", "0005"];
const STATUSES = [201, 204, 206, 301, 304, 400, 401, 403, 404, 413, 421, 451, 500, 503, 999];

function packetsOf(body: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const end = at + Math.max(4, Number.parseInt(body.toString("latin1", at, at + 4), 16));
    packets.push(body.subarray(at, end));
    at = end;
  }
  return packets;
}

function meddled(answer: MeddledAnswer, { what, at, value }: Meddling): MeddledAnswer {
  const body = Buffer.from(answer.body);
  const byte = Math.floor(at * body.length);
  const packets = packetsOf(body);
  const place = Math.floor(at * packets.length);
  const one = packets[place]!;
  const of = <T>(list: readonly T[]): T => list[value % list.length]!;
  switch (what) {
    case "flip":
      body[byte]! ^= value || 1;
      return { ...answer, body };
    case "cut":
      return { ...answer, body: body.subarray(0, byte) };
    case "drop":
      return { ...answer, body: Buffer.concat(packets.toSpliced(place, 1)) };
    case "double":
      return { ...answer, body: Buffer.concat(packets.toSpliced(place, 0, one)) };
    case "swap":
      return {
        ...answer,
        body: Buffer.concat(packets.toSpliced(place, 2, packets[place + 1] ?? Buffer.alloc(0), one)),
      };
    case "insert":
      return { ...answer, body: Buffer.concat(packets.toSpliced(place, 0, of(INSERTED))) };
    case "length":
      return { ...answer, body: Buffer.concat(packets.toSpliced(place, 1, Buffer.from(of(LENGTHS)), one.subarray(4))) };
    case "gzip":
      return { ...answer, headers: { ...answer.headers, "content-encoding": of(["gzip", "deflate", "br", "x-none"]) } };
    case "pieces":
      return { ...answer, pieces: 1 + (value % 5) };
    case "status":
      return { ...answer, status: of(STATUSES) };
  }
}

/** What is not as it must be after one such answer; undefined when it is the right code, or an error of ours and nothing besides. */
async function faultOf(meddling: Meddling): Promise<string | undefined> {
  const meddler = await startMeddler(server.url, (answer, asked) =>
    asked.includes(`command=${meddling.command}`) ? meddled(answer, meddling) : answer,
  );
  const timeouts = { connect: 1_500, stall: 1_500, resolve: 2_000, materialize: 2_000 };
  const events: GitEvent[] = [];
  const findCredential = tokenFor(`${meddler.url}/org/`);
  const policy = { ...DEFAULT_POLICY, timeouts };
  const asked = requestFor(`${meddler.url}/org/test.git`, { policy, revision: "main", events, findCredential });
  const target = join(await temporaryFolder(), "repo");
  try {
    const { commit } = await materialize({ ...asked, resolution: await resolve(asked), target });
    if (commit !== repository.commits["main"]) return `another commit: ${commit}`;
    if ((await git(target, ["rev-parse", "HEAD^{tree}"])) !== tree) return "another tree";
    if ((await readFile(join(target, "c"), "utf8")) !== "3\n") return "another file";
    return (await git(target, ["status", "--porcelain"])) || undefined;
  } catch (error) {
    if (!(error instanceof BowlineError) || error.code === "INTERNAL") return `no error of ours: ${String(error)}`;
    if ((await readdir(dirname(target))).length > 0) return "something is left";
    return JSON.stringify([error.message, error.problems, events]).includes(TOKEN)
      ? "the credential is told"
      : undefined;
  } finally {
    await meddler.close();
  }
}

it("an answer with one thing wrong in it gives the right code, or an error of ours and nothing else", async () => {
  const wrong: string[] = [];
  const left = fc.sample(MEDDLING, 60);
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const fault = await faultOf(next);
      if (fault !== undefined) wrong.push(`${JSON.stringify(next)}: ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  expect(wrong).toEqual([]);
});
