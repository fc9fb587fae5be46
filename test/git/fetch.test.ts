import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { materialize, resolve, type GitEvent, type GitRequest } from "../../src/git/index.ts";
import {
  git,
  startGitServer,
  startMeddler,
  temporaryFolder,
  type GitServer,
  type GitServerOptions,
} from "../support/index.ts";
import { fetchInto } from "./fetch-into.ts";
import { fetchCode, networkOfTest, requestFor, TOKEN, tokenFor } from "./request.ts";

const servers: GitServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: GitServerOptions = {}): Promise<GitServer> {
  const server = await startGitServer(options);
  servers.push(server);
  return server;
}

/** What is in a repository, whichever way it came in. */
async function contentOf(gitFolder: string, commit: string): Promise<unknown> {
  const dir = `--git-dir=${gitFolder}`;
  const names = (await readdir(join(gitFolder, "objects/pack"))).map((name) => name.replace(/[0-9a-f]{40,}/, "X"));
  const reached = await git(gitFolder, [dir, "rev-list", "--objects", "--missing=print", "--all", commit]);
  return {
    refs: await git(gitFolder, [dir, "for-each-ref"]),
    shallow: (await readFile(join(gitFolder, "shallow"), "utf8").catch(() => "none")).split("\n").toSorted(),
    reached: reached.split("\n").toSorted(),
    fsck: await git(gitFolder, [dir, "fsck", "--strict"]),
    packs: names.filter((name) => !name.endsWith(".rev")).toSorted(),
  };
}

const HISTORY = {
  commits: [
    { name: "first", files: { a: "1", "d/e": "old\n" } },
    { name: "second", files: { a: "2", "d/e": "new\n" } },
    { files: { a: "3" } },
    { branch: "side/two", from: "first", files: { b: "1" } },
  ],
  tags: { light: "second" },
  annotatedTags: { annotated: "first" },
};

describe("by the engine's own protocol there comes what comes by git", () => {
  const shapes: [
    string,
    Partial<GitRequest["options"]>,
    { revision?: string; objectFormat?: "sha256"; oldest?: true },
  ][] = [
    ["one commit", {}, {}],
    ["two commits", { history: 2 }, {}],
    ["more commits than there are", { history: 99 }, {}],
    ["all tags beside one commit", { tags: true }, {}],
    ["everything", { history: "full" }, { revision: "main" }],
    ["everything, for a branch behind a slash", { history: "full" }, { revision: "side/two" }],
    ["everything of a repository with one branch, for a commit", { history: "full" }, { oldest: true }],
    ["commits without contents", { history: "commits" }, { revision: "main" }],
    ["some folders", { sparse: ["d"] }, {}],
    ["a light tag", {}, { revision: "light" }],
    ["an annotated tag", {}, { revision: "annotated" }],
    ["sha256 objects", {}, { objectFormat: "sha256" }],
    ["everything of sha256 objects", { history: "full" }, { objectFormat: "sha256" }],
  ];
  it.each(shapes)("%s", async (_, options, { oldest, objectFormat, ...named }) => {
    const server = await serve();
    const history = oldest === true ? { commits: HISTORY.commits.slice(0, 3) } : HISTORY;
    const { commits } = await server.add("org/test", { ...history, ...(objectFormat && { objectFormat }) });
    const revision = oldest === true ? commits["first"] : named.revision;
    const results = [];
    for (const fetchBy of ["v2", "git"] as const) {
      const network = { ...networkOfTest(), ...(fetchBy === "git" && { fetchBy }) };
      const request = requestFor(`${server.url}/org/test.git`, { network, ...(revision && { revision }) });
      Object.assign(request, { options: { ...request.options, ...options } });
      const { commit, ref, session } = await resolve(request);
      const gitFolder = await temporaryFolder();
      const { way, bytes } = await fetchInto(gitFolder, request, { commit, ref, session });
      session.close();
      expect(way).toBe(fetchBy);
      expect(bytes).toBeGreaterThan(100);
      results.push(await contentOf(gitFolder, commit));
    }
    expect(results[0]).toEqual(results[1]);
  });
});

describe("on the wire", () => {
  it.each(["http", "https"])("a branch is two requests on one connection (%s)", async (scheme) => {
    const accounts = [{ username: "ada", password: TOKEN, access: ["org"] }];
    const server = await serve({ accounts, ...(scheme === "https" && { tls: "good" }) });
    await server.add("org/test");
    const findCredential = tokenFor(`${server.url}/org/`, server.ca === "" ? {} : { ca: server.ca });
    await fetchCode(requestFor(`${server.url}/org/test.git`, { revision: "main", findCredential }));
    expect(server.requests.map(({ method, status }) => `${method} ${status}`)).toEqual(["POST 200", "POST 200"]);
    expect(server.connections).toHaveLength(1);
  });

  it("a tag that was resolved is not asked for again; a pin of one is", async () => {
    const server = await serve();
    const { commits } = await server.add("org/test");
    await fetchCode(requestFor(`${server.url}/org/test.git`, { revision: "v1.0" }));
    expect(server.requests).toHaveLength(2);
    const request = requestFor(`${server.url}/org/test.git`);
    const gitFolder = await temporaryFolder();
    await fetchInto(gitFolder, request, { commit: commits["main"]!, ref: "refs/tags/v1.0" });
    expect(server.requests).toHaveLength(4);
    expect(await git(gitFolder, ["--git-dir=.", "cat-file", "-t", "v1.0"])).toBe("tag");
  });

  it("the connection is free again after the pack, also when its end comes by itself", async () => {
    const server = await serve();
    await server.add("org/test");
    const meddler = await startMeddler(server.url, (answer) => ({ ...answer, pieces: 7 }));
    const request = requestFor(`${meddler.url}/org/test.git`);
    const { commit, session } = await resolve(request);
    await fetchInto(await temporaryFolder(), request, { commit, session });
    expect(await session.features!()).toMatchObject({ shallow: true });
    session.close();
    expect(meddler.connections()).toBe(1);
    await meddler.close();
  });

  it("a pinned commit is one request", async () => {
    const server = await serve();
    const { commits } = await server.add("org/test");
    await fetchInto(await temporaryFolder(), requestFor(`${server.url}/org/test.git`), { commit: commits["main"]! });
    expect(server.requests).toHaveLength(1);
  });

  it("ten thousand references cost no byte", async () => {
    const server = await serve();
    const { path, commits } = await server.add("org/test");
    const cost = async (): Promise<number[]> => {
      server.connections.length = 0;
      await fetchCode(requestFor(`${server.url}/org/test.git`, { revision: "main" }));
      return server.connections.flatMap(({ bytesRead, bytesWritten }) => [bytesRead, bytesWritten]);
    };
    const few = await cost();
    const lines = Array.from({ length: 10_000 }, (_, index) => `${commits["first"]} refs/heads/x/${index}\n`);
    await writeFile(
      join(path, "packed-refs"),
      `# pack-refs with: peeled fully-peeled sorted \n${lines.toSorted().join("")}`,
    );
    (await cost()).forEach((bytes, index) => expect(Math.abs(bytes - few[index]!)).toBeLessThan(100));
  });

  it("many wants are compressed, and their references are there", async () => {
    const server = await serve();
    const tags = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`t${index}`, `c${index}`]));
    const commits = Object.values(tags).map((name) => ({ name, files: { a: name } }));
    const { commits: made } = await server.add("org/test", { commits, tags });
    const request = requestFor(`${server.url}/org/test.git`);
    Object.assign(request.options, { history: "full" });
    const gitFolder = await temporaryFolder();
    await fetchInto(gitFolder, request, { commit: made["main"]! });
    expect(server.requests.at(-1)!.headers["content-encoding"]).toBe("gzip");
    expect((await git(gitFolder, ["--git-dir=.", "tag"])).split("\n")).toHaveLength(300);
  });

  it("the next commit costs its difference", async () => {
    const server = await serve();
    const large = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, randomBytes(2_000)]));
    const commits = [
      { name: "one", files: large },
      { name: "two", files: { f1: "new\n" } },
      { files: { f2: "new\n" } },
    ];
    const made = await server.add("org/test", { commits });
    const request = requestFor(`${server.url}/org/test.git`);
    const gitFolder = await temporaryFolder();
    const [one, two, three] = ["one", "two", "main"].map((name) => made.commits[name]!);
    const whole = await fetchInto(gitFolder, request, { commit: one! });
    const difference = await fetchInto(gitFolder, request, { commit: two!, haves: [one!] });
    expect(whole.bytes).toBeGreaterThan(80_000);
    expect(difference.bytes).toBeLessThan(3_000);
    await fetchInto(gitFolder, request, { commit: three!, haves: [one!, two!] });
    const shallow = (await readFile(join(gitFolder, "shallow"), "utf8")).trim().split("\n");
    expect(shallow.toSorted()).toEqual([one!, two!, three!].toSorted());
    expect(await git(gitFolder, ["--git-dir=.", "fsck", three!, two!, one!])).toBe("");
  });

  it("an IPv6 address", async () => {
    const server = await serve({ host: "::1" });
    await server.add("org/test");
    const { reference } = await fetchCode(requestFor(`http://[::1]:${server.port}/org/test.git`));
    expect(reference.subject).toBe("Add numbers");
    expect(server.requests).toHaveLength(2);
  });

  it("a connection that the server closed in between is made anew, which is no fault", async () => {
    const server = await serve();
    await server.add("org/test");
    const events: GitEvent[] = [];
    const request = requestFor(`${server.url}/org/test.git`, { events });
    const resolution = await resolve(request);
    server.faults.push({ times: 1, reset: 0 });
    await materialize({ ...request, resolution, target: join(await temporaryFolder(), "repo") });
    expect(server.connections).toHaveLength(2);
    expect(events.filter(({ phase }) => phase === "retry")).toEqual([]);
  });

  it("what the server says while it works, and the real bytes, are told to who looks on", async () => {
    const server = await serve();
    await server.add("org/test");
    for (const serverProgress of [true, false]) {
      const events: GitEvent[] = [];
      const { reference } = await fetchCode(requestFor(`${server.url}/org/test.git`, { events, serverProgress }));
      const progress = events.flatMap((event) => (event.state === "progress" ? [event] : []));
      // Of words that come at once the last are told.
      const words = progress.some(({ detail = "" }) =>
        /^(Enumerating|Counting|Compressing) objects|^Total /.test(detail),
      );
      expect(words).toBe(serverProgress);
      expect(progress.at(-1)).toMatchObject({ done: progress.at(-1)!.total, bytes: reference.bytes });
    }
  });
});
