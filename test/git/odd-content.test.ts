import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { materialize, resolve, type CodeReference, type GitEvent } from "../../src/git/index.ts";
import { BowlineError, removeAll } from "../../src/lib/index.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { requestFor } from "./request.ts";

let server: GitServer;
let cache: string;

beforeAll(async () => {
  server = await startGitServer();
  cache = join(await temporaryFolder(), "cache");
});
afterAll(() => server.close());

const WHO = "A <a@b.c> 1700000000 +0000";

/** A commit of which every byte is the test's. */
interface Forged {
  /** Entries of the top tree: mode, name and content; a name may hold any byte but a slash and NUL. */
  files?: [mode: string, name: Buffer | string, content: string][];
  /** Folders around them, the outermost first. */
  folders?: string[];
  author?: string;
  committer?: string;
  message?: string | Buffer;
}

let count = 0;

/** A repository with one such commit on main; no git would make it, so its objects are written as they are. */
async function forge({
  files = [],
  folders = [],
  author = WHO,
  committer = WHO,
  message = "x\n",
}: Forged): Promise<{ name: string; path: string; commit: string }> {
  const name = `odd${(count += 1)}`;
  const { path } = await server.add(`org/${name}`, { commits: [] });
  const write = (type: string, content: Buffer | string): Promise<string> =>
    writeObject(path, type, Buffer.from(content));
  const entries = await Promise.all(
    files.map(async ([mode, entry, content]) => ({
      mode,
      entry: Buffer.from(entry),
      object: await write("blob", content),
    })),
  );
  entries.sort((a, b) => Buffer.compare(a.entry, b.entry));
  let tree = await write("tree", Buffer.concat(entries.map(treeEntry)));
  for (const folder of folders.toReversed()) {
    tree = await write("tree", treeEntry({ mode: "40000", entry: Buffer.from(folder), object: tree }));
  }
  const head = `tree ${tree}\nauthor ${author}\ncommitter ${committer}\n\n`;
  const commit = await write("commit", Buffer.concat([Buffer.from(head), Buffer.from(message)]));
  await git(path, ["update-ref", "refs/heads/main", commit]);
  return { name, path, commit };
}

/** Writes a loose object without asking git what it thinks of it. */
async function writeObject(path: string, type: string, content: Buffer): Promise<string> {
  const whole = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  const object = createHash("sha1").update(whole).digest("hex");
  await mkdir(join(path, "objects", object.slice(0, 2)), { recursive: true });
  await writeFile(join(path, "objects", object.slice(0, 2), object.slice(2)), deflateSync(whole));
  return object;
}

function treeEntry({ mode, entry, object }: { mode: string; entry: Buffer; object: string }): Buffer {
  return Buffer.concat([Buffer.from(`${mode} `), entry, Buffer.from([0]), Buffer.from(object, "hex")]);
}

/** Fetches it twice, the second time out of the cache; both must be clean, with the tree of the commit. */
async function twice(forged: Forged): Promise<{ targets: string[]; reference: CodeReference }> {
  const { name, path, commit } = await forge(forged);
  const tree = (await git(path, ["rev-parse", `${commit}^{tree}`])).trim();
  const targets: string[] = [];
  let reference: CodeReference | undefined;
  for (const _ of [1, 2]) {
    const request = requestFor(`${server.url}/org/${name}`, { cache });
    const target = join(await temporaryFolder(), "repo");
    reference = await materialize({ ...request, resolution: await resolve(request), target });
    expect(reference).toMatchObject({ commit, tree });
    expect(await git(target, ["status", "--porcelain"])).toBe("");
    expect((await git(target, ["write-tree"])).trim()).toBe(tree);
    targets.push(target);
  }
  return { targets, reference: reference! };
}

/** The code of the error; nothing may be left. */
async function refusal(forged: Forged): Promise<string> {
  const { name } = await forge(forged);
  const request = requestFor(`${server.url}/org/${name}`, { cache });
  const target = join(await temporaryFolder(), "repo");
  const error: unknown = await resolve(request)
    .then((resolution) => materialize({ ...request, resolution, target }))
    .catch((thrown: unknown) => thrown);
  expect(await readdir(dirname(target))).toEqual([]);
  expect(error).toBeInstanceOf(BowlineError);
  return (error as BowlineError).code;
}

describe("odd content arrives as it is, cold and out of the cache", () => {
  it("names with line ends, escapes, bytes that are no text, quotes, and spaces at the end", async () => {
    const names = [
      "a\nb",
      "a\u001b[31mred",
      "q\"uo'te",
      "end ",
      "-dash",
      "ü",
      "CON",
      "aux.c",
      Buffer.from([0x66, 0xff, 0xfe]),
    ];
    const { targets } = await twice({ files: names.map((name) => ["100644", name, "1\n"]) });
    for (const target of targets) {
      const found = await readdir(target, { encoding: "buffer" });
      const wanted = [...names.map((name) => Buffer.from(name)), Buffer.from(".git")];
      expect(found.map((name) => name.toString("hex")).toSorted()).toEqual(
        wanted.map((name) => name.toString("hex")).toSorted(),
      );
    }
  });

  it("a folder at a depth of 500, and no file at all", async () => {
    await twice({ files: [["100644", "f", "1\n"]], folders: Array.from({ length: 500 }, () => "d") });
    await twice({});
  });

  it("a path that is too long only with that of the target before it, as git makes it", async () => {
    const folders = Array.from({ length: 15 }, () => "n".repeat(255));
    const attributes: [string, string, string] = ["100644", ".gitattributes", "f* filter=lfs\n"];
    const forged = await forge({ files: [attributes, ["100644", "f".repeat(250), "1\n"]], folders });
    for (const lfs of [false, true]) {
      const events: GitEvent[] = [];
      const asked = requestFor(`${server.url}/org/${forged.name}`, { cache, events });
      const target = join(await temporaryFolder(), "repo");
      const request = { ...asked, options: { ...asked.options, lfs } };
      await materialize({ ...request, resolution: await resolve(request), target });
      expect(await git(target, ["status", "--porcelain"])).toBe("");
      expect(events.filter(({ phase }) => phase === "warning")).toEqual([]);
      await removeAll(dirname(target));
      expect(await readdir(dirname(target)).catch(() => "gone")).toBe("gone");
    }
  });

  it("a link to nowhere, and one whose target has bytes that are no text", async () => {
    await twice({
      files: [
        ["120000", "link", "no\nwhere"],
        ["120000", "long", "x/".repeat(1000)],
      ],
    });
  });

  it.each([10_000, 10_000_000])(
    "a message of %i bytes in one line: the subject is cut, and so is an author",
    async (size) => {
      const author = `${"a".repeat(9_000)} <a@b.c> 1700000000 +0000`;
      const { reference } = await twice({ files: [["100644", "f", "1\n"]], message: "m".repeat(size), author });
      expect(reference.subject.length).toBeLessThan(2_000);
      expect(reference.subject).toMatch(/^m+…$/);
      expect(reference.author.name).toMatch(/^a{999}…$/);
    },
  );

  it("a message with escapes, bytes that are no text, or none at all", async () => {
    await twice({ files: [["100644", "f", "1\n"]], message: "\u001b]0;title\u0007 <b>=1+1\n" });
    await twice({ files: [["100644", "f", "1\n"]], message: Buffer.from([0x6d, 0xff, 0xfe, 0x0a]) });
    await twice({ files: [["100644", "f", "1\n"]], message: "" });
  });

  it.each(["100664", "104755", "020644"])("nothing but an ordinary file becomes of mode %s", async (mode) => {
    const { targets } = await twice({ files: [[mode, "f", "1\n"]] });
    for (const target of targets) {
      const found = await lstat(join(target, "f"));
      // a mode that is no file's stands for a submodule: an empty folder
      expect(found.isFile() || found.isDirectory()).toBe(true);
      expect(found.mode & 0o7002).toBe(0);
    }
  });

  it.each([
    ["no address", "A 1700000000 +0000"],
    ["a date beyond all years", "A <a@b.c> 99999999999999999999 +0000"],
    ["a date that is none", "A <a@b.c> yesterday +0000"],
    ["a name of a megabyte", `${"a".repeat(1_000_000)} <a@b.c> 1700000000 +0000`],
  ])("an author with %s, as forges tolerate it in old history", async (_, who) => {
    const { reference } = await twice({ files: [["100644", "f", "1\n"]], author: who, committer: who });
    expect(reference.date).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(reference.author.name.length).toBeLessThan(2_000);
  });
});

describe("what no git makes is refused, and nothing is written", () => {
  it.each([
    ["a name that is a path", { files: [["100644", "a/b", "x"]] }],
    ["an empty name", { files: [["100644", "", "x"]] }],
    [
      "a path that no system takes",
      { files: [["100644", "f", "x"]], folders: Array.from({ length: 5000 }, () => "d") },
    ],
  ] as [string, Forged][])("%s", async (_, forged) => {
    // the server may be the one who finds it
    expect(await refusal(forged)).toMatch(/^GIT_(CONTENT_REFUSED|PROTOCOL)$/);
  });

  it("a path that no system takes below a folder, of which all but its end is made before that is known", async () => {
    const folders = Array.from({ length: 16 }, () => "n".repeat(255));
    expect(await refusal({ files: [["100644", "f", "x"]], folders })).toBe("GIT_CONTENT_REFUSED");
  });

  it("a name that the file system cannot hold", async () => {
    expect(await refusal({ files: [["100644", "n".repeat(300), "x"]] })).toBe("GIT_CONTENT_REFUSED");
  });
});

it("references that replace objects are not asked for and not believed", async () => {
  const { name, path, commit } = await forge({ files: [["100644", "f", "true\n"]] });
  const evil = await forge({ files: [["100644", "f", "false\n"]] });
  await git(path, ["fetch", "--quiet", evil.path, "+main:refs/heads/evil"]);
  await git(path, ["update-ref", `refs/replace/${commit}`, evil.commit]);
  for (const history of [1, "full"] as const) {
    const request = requestFor(`${server.url}/org/${name}`, { revision: "main" });
    Object.assign(request.options, { history });
    const target = join(await temporaryFolder(), "repo");
    await materialize({ ...request, resolution: await resolve(request), target });
    expect(await git(target, ["show", "HEAD:f"])).toBe("true");
    expect(await git(target, ["for-each-ref", "refs/replace"])).toBe("");
  }
});
