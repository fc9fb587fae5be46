import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { gitConfig } from "../../src/git/process/git-config.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import { startGitServer, temporaryFolder } from "../support/index.ts";
import { fetchCode, requestFor, TOKEN, tokenFor } from "./request.ts";

it("git itself sends the credential below the repository's url only, even if it were led elsewhere", async () => {
  const url = parseGitUrl("https://h.example/org/test");
  const http = { kind: "bearer", token: "secret" } as const;
  const credential = { scope: "https://h.example/org/", source: "test", http, secretValues: ["secret"] };
  const file = join(await temporaryFolder(), "config");
  await writeFile(file, gitConfig({ access: { url, credential }, policy: DEFAULT_POLICY }));
  const headerFor = (asked: string): string =>
    spawnSync("git", ["config", "--file", file, "--get-urlmatch", "http.extraHeader", asked], { encoding: "utf8" })
      .stdout;

  for (const inside of ["", ".git", "/info/refs", ".git/git-upload-pack"]) {
    expect(headerFor(`https://h.example/org/test${inside}`), inside).toBe("Authorization: Bearer secret\n");
  }
  for (const outside of [
    "https://h.example/org/test2",
    "https://h.example/org/other",
    "https://h.example/",
    "https://h.example:8443/org/test",
    "http://h.example/org/test",
    "https://evil.example/org/test",
    "https://h.example.evil.example/org/test",
  ]) {
    expect(headerFor(outside), outside).toBe("");
  }
});

it("the git that reads a pack as it comes from the server holds no credential", async () => {
  const server = await startGitServer({ accounts: [{ token: TOKEN }] });
  await server.add("org/test");
  const folder = await temporaryFolder();
  const script = `#!/bin/sh
PATH=\${PATH#*:}
case " $* " in *" index-pack "*) cat "$GIT_CONFIG_GLOBAL" > ${folder}/config; env > ${folder}/env ;; esac
exec git "$@"
`;
  await writeFile(join(folder, "git"), script, { mode: 0o755 });
  const request = requestFor(`${server.url}/org/test.git`, { findCredential: tokenFor(`${server.url}/org/`) });
  await fetchCode({ ...request, network: { searchPath: `${folder}:${process.env["PATH"]}` } });
  expect(server.requests.at(-1)?.headers.authorization).toMatch(/^Basic /);
  const config = await readFile(join(folder, "config"), "utf8");
  expect(config).toContain("fsckObjects");
  expect(config).not.toMatch(/authorization/i);
  expect(await readFile(join(folder, "env"), "utf8")).toMatch(/^GIT_ALLOW_PROTOCOL=none$/m);
  await server.close();
});
