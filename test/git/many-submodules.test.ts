import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startGitServer, temporaryFolder } from "../support/index.ts";
import { fetchCode, networkOfTest, requestFor } from "./request.ts";

test("submodules are fetched as many at a time as asked for, and listed by few processes", async () => {
  const server = await startGitServer();
  const { commits } = await server.add("org/lib");
  const names = Array.from({ length: 12 }, (_, index) => `lib${index}`);
  const modules = names.map((name) => `[submodule "${name}"]\n\tpath = ${name}\n\turl = ../lib.git\n`);
  const links = Object.fromEntries(names.map((name) => [name, { submodule: commits["main"]! }]));
  await server.add("org/top", { commits: [{ files: { ".gitmodules": modules.join(""), ...links } }] });
  const warnings: Error[] = [];
  const keep = (warning: Error): void => void warnings.push(warning);
  process.on("warning", keep);
  const { log, searchPath } = await slowListing();
  const base = requestFor(`${server.url}/org/top`, { network: { ...networkOfTest(), searchPath } });
  const { reference } = await fetchCode({ ...base, options: { ...base.options, submodules: true, jobs: 12 } });
  process.off("warning", keep);
  expect(reference.submodules?.map(({ path }) => path)).toEqual(names.toSorted());
  expect(await atOnce(log)).toBeLessThanOrEqual(4);
  expect(warnings).toEqual([]);
  await server.close();
});

/** A git that takes its time for the list of a commit's files, and says when it begins and ends one. */
async function slowListing(): Promise<{ log: string; searchPath: string }> {
  const folder = await temporaryFolder();
  const log = join(folder, "log");
  const { stdout: git } = await execa("sh", ["-c", "command -v git"]);
  const script = `#!/bin/sh
case "$*" in *ls-tree*) ;; *) exec ${git} "$@" ;; esac
echo + >> '${log}'
sleep 0.5
${git} "$@"
echo - >> '${log}'
`;
  await writeFile(join(folder, "git"), script, { mode: 0o755 });
  return { log, searchPath: `${folder}:${process.env["PATH"]!}` };
}

/** The most of them that ran at one time. */
async function atOnce(log: string): Promise<number> {
  let [now, most] = [0, 0];
  for (const mark of await readFile(log, "utf8")) {
    if (mark === "+") now += 1;
    if (mark === "-") now -= 1;
    most = Math.max(most, now);
  }
  return most;
}
