import { existsSync } from "node:fs";
import { appendFile, chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { readLeftCode } from "../../src/git/index.ts";
import { git, makeRepository, temporaryFolder, type Repository } from "../support/index.ts";

const URL = "https://gitlab.com/org/test";

let folder: string;
let repository: Repository;
let path: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  repository = await makeRepository(join(folder, "origin.git"));
  path = join(folder, "left");
});

function read(pin?: { commit: string; ref?: string; redirectedTo?: string }): ReturnType<typeof readLeftCode> {
  return readLeftCode({
    ...{ url: URL, path, took: 12.3, policy: DEFAULT_POLICY, signal: new AbortController().signal },
    network: { searchPath: process.env["PATH"] ?? "" },
    ...(pin && { pin }),
  });
}

describe("what a handler left", () => {
  test("a clone, on its branch, with all of its history", async () => {
    await git(folder, ["clone", "--quiet", "--branch=branchA", repository.path, path]);
    const commit = repository.commits["branchA"] ?? "";
    expect(await read({ commit, ref: "refs/heads/branchA", redirectedTo: `${URL}.git` })).toMatchObject({
      ...{ url: URL, redirectedTo: `${URL}.git`, ref: "refs/heads/branchA", commit, path, by: "handler" },
      ...{ author: { name: "Ada Lovelace", email: "ada@example.com" }, subject: "Train longer", history: "full" },
      timings: { fetch: 12 },
    });
  });

  test("another commit than was asked for is told as it is", async () => {
    await git(folder, ["clone", "--quiet", repository.path, path]);
    await git(path, ["checkout", "--quiet", "--detach", repository.commits["first"] ?? ""]);
    const asked = {
      commit: repository.commits["branchA"] ?? "",
      ref: "refs/heads/branchA",
      redirectedTo: `${URL}.git`,
    };
    const reference = await read(asked);
    expect(reference).toMatchObject({ commit: repository.commits["first"] });
    expect(reference).not.toHaveProperty("ref");
    expect(reference).not.toHaveProperty("redirectedTo");
  });

  test("a shallow clone, with the number of its commits", async () => {
    await git(folder, ["clone", "--quiet", "--depth=1", `file://${repository.path}`, path]);
    expect(await read()).toMatchObject({ commit: repository.commits["main"], history: 1 });
  });

  test("a branch that is packed", async () => {
    await git(folder, ["clone", "--quiet", repository.path, path]);
    await git(path, ["pack-refs", "--all"]);
    expect(await read()).toMatchObject({ commit: repository.commits["main"], ref: "refs/heads/main" });
  });

  test("nothing of the repository's own configuration is run", async () => {
    await git(folder, ["clone", "--quiet", repository.path, path]);
    const trap = join(folder, "trap");
    await writeFile(trap, `#!/bin/sh\ntouch '${folder}/sprung'\n`);
    await chmod(trap, 0o755);
    const settings = ["[core]", `fsmonitor = ${trap}`, `pager = ${trap}`, "[log]", "showSignature = true", "[gpg]"];
    await appendFile(join(path, ".git/config"), [...settings, `program = ${trap}`, ""].join("\n"));
    expect(await read()).toMatchObject({ commit: repository.commits["main"] });
    expect(existsSync(join(folder, "sprung"))).toBe(false);
  });
});

describe("nothing that can be told", () => {
  test.each([
    ["no folder", () => Promise.resolve()],
    ["no repository", () => mkdir(path)],
    ["a branch without a commit", () => git(folder, ["init", "--quiet", path])],
    ["a HEAD that leads out", () => headOf("ref: refs/heads/../../../secret\n")],
    ["a HEAD that is a link", () => linkedHead()],
    ["a commit that is not there", () => headOf(`${"0".repeat(39)}1\n`)],
  ])("%s", async (_, leave) => {
    await leave();
    expect(await read()).toBeUndefined();
  });
});

async function headOf(text: string): Promise<void> {
  await git(folder, ["clone", "--quiet", repository.path, path]);
  await writeFile(join(path, ".git/HEAD"), text);
}

async function linkedHead(): Promise<void> {
  await headOf("");
  await rm(join(path, ".git/HEAD"));
  await symlink(join(repository.path, "HEAD"), join(path, ".git/HEAD"));
}
