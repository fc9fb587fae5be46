import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { materialize, resolve, type GitEvent } from "../../src/git/index.ts";
import { writeFiles } from "../../src/git/trees/checkout.ts";
import { git, startGitServer, temporaryFolder, type GitServer } from "../support/index.ts";
import { filesBelow } from "../support/files-below.ts";
import { isFetch } from "../support/hostile-pack.ts";
import { makeRandomRepository, randomRepository } from "../support/random-repository.ts";
import { openGitOfTest, requestFor } from "./request.ts";

let server: GitServer;
beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.close());

let count = 0;

it("a target of any repository is git's own clone of it: cold, with files that are written early, on top of what is kept, and out of the cache", async () => {
  const property = fc.asyncProperty(randomRepository, fc.boolean(), async (repository, late) => {
    const name = `org/random${(count += 1)}`;
    await makeRandomRepository(join(server.root, `${name}.git`), repository);
    const url = `${server.url}/${name}.git`;
    const folder = await temporaryFolder();
    const clone = join(folder, "clone");
    await git(".", ["clone", "--quiet", "--branch=main", url, clone]);
    const [theirs, staged] = [await filesBelow(clone), await git(clone, ["ls-files", "--stage", "-z"])];
    server.faults.push(...(late ? [{ match: isFetch, hold: { last: 30, until: () => sleep(80) } }] : []));
    const cache = join(folder, "cache");
    // the last but one commit first: the next begins as what is kept of it
    for (const [step, more] of [{}, { cache, revision: await older(clone) }, { cache }, { cache }].entries()) {
      const events: GitEvent[] = [];
      const request = requestFor(url, { revision: "main", ...more, events });
      const target = join(folder, `target${step}`);
      await materialize({ ...request, resolution: await resolve(request), target });
      expect(await git(target, ["fsck", "--strict"])).toBe("");
      const warnings = events.flatMap((event) => (event.phase === "warning" ? [event.problem.code] : []));
      expect(warnings.filter((code) => code.startsWith("CACHE_"))).toEqual([]);
      if (step === 1) continue;
      expect(await filesBelow(target)).toEqual(theirs);
      expect(await git(target, ["ls-files", "--stage", "-z"])).toBe(staged);
    }
    const apart = join(folder, "apart");
    await git(".", ["clone", "--quiet", "--no-checkout", "--branch=main", url, apart]);
    await writeByTwo(apart);
    expect(await filesBelow(apart)).toEqual(theirs);
    expect(await git(apart, ["ls-files", "--stage", "-z"])).toBe(staged);
    server.faults.length = 0;
    await rm(folder, { recursive: true });
  });
  await fc.assert(property, { numRuns: Number(process.env["BOWLINE_RANDOM_REPOSITORIES"] ?? 12), endOnFailure: true });
}, 180_000);

/** As if they were many. */
async function writeByTwo(repository: string): Promise<void> {
  const own = await openGitOfTest();
  const plan = {
    repository,
    commit: await git(repository, ["rev-parse", "HEAD"]),
    originUrl: "",
    shallow: false,
    sparse: [],
  };
  await writeFiles(own, plan, { many: true });
  await own.close();
}

async function older(clone: string): Promise<string> {
  return git(clone, ["rev-list", "--max-count=1", "--skip=1", "HEAD", "--"]).then(
    (commit) => commit || git(clone, ["rev-parse", "HEAD"]),
  );
}
