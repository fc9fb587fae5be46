import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { expect, it } from "vitest";
import { startGitServer, temporaryFolder } from "../support/index.ts";
import { fetchCode, requestFor } from "./request.ts";

/** The kinds of what is marked as in use in the cache at this moment. */
function inUse(cache: string): string[] {
  const found = readdirSync(cache, { recursive: true, encoding: "utf8" });
  const marked = found.filter((path) => basename(dirname(path)) === "users").map((path) => dirname(dirname(path)));
  return marked.map((path) => (path.includes("/trees/") ? "tree" : basename(path)));
}

it("what is read from the cache is marked as in use for as long as it is", async () => {
  const server = await startGitServer();
  const { commits } = await server.add("org/test", { commits: [{ name: "first" }, { files: { a: "1\n" } }] });
  const cache = await temporaryFolder();
  async function usedFor(name: string): Promise<Record<string, string[]>> {
    const seen: Record<string, string[]> = {};
    const request = requestFor(`${server.url}/org/test.git`, { cache, revision: commits[name]! });
    await fetchCode({ ...request, onEvent: ({ phase }) => void (seen[phase] = inUse(cache)) });
    expect(inUse(cache)).toEqual([]);
    return seen;
  }
  await usedFor("first");
  expect(await usedFor("first")).toMatchObject({ copy: ["tree"] });
  // on top of what is there
  expect(await usedFor("main")).toMatchObject({ fetch: ["depth-1.git"], checkout: ["depth-1.git"] });
  await server.close();
});
