import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("check-imports", () => {
  test("accepts imports to the right, through doors", () => {
    const root = treeOf({
      "src/index.ts": 'export { a } from "./git/index.ts";\n',
      "src/git/index.ts": 'export { a } from "./a.ts";\n',
      "src/git/a.ts": 'import { b } from "../lib/index.ts";\nexport const a = b;\n',
      "src/lib/index.ts": "export const b = 1;\n",
    });
    expect(check("imports", root)).toEqual({ status: 0, stderr: "" });
  });

  test.each([
    ["to the left", { "src/lib/a.ts": 'import "../git/index.ts";\n' }, "lib may not import git"],
    [
      "to the left, over lines",
      { "src/spec/a.ts": 'import {\n  b,\n} from "../git/index.ts";\n' },
      "may not import git",
    ],
    ["to the left, lazily", { "src/lib/a.ts": 'await import("../cli/index.ts");\n' }, "lib may not import cli"],
    ["past a door", { "src/git/a.ts": 'import { b } from "../lib/b.ts";\n' }, "goes past the door lib/index.ts"],
    ["of its own door", { "src/git/a.ts": 'import { b } from "./index.ts";\n' }, "imports its own door"],
    ["out of src", { "src/git/a.ts": 'import { b } from "../../test/b.ts";\n' }, "is outside of src"],
    ["in an unknown folder", { "src/helpers/a.ts": "export {};\n" }, 'the folder "helpers" has no place'],
    ["of all of zod", { "src/spec/a.ts": 'import { z } from "zod";\n' }, 'write import * as z from "zod"'],
    ["of files in spec", { "src/spec/a.ts": 'import fs from "node:fs";\n' }, 'is pure and may not import "node:fs"'],
    [
      "in a lazy circle",
      {
        "src/git/a.ts": 'import "./b.ts";\n',
        "src/git/b.ts": 'export const load = () => import("./a.ts");\n',
      },
      "imports itself by git/a.ts → git/b.ts → git/a.ts",
    ],
  ])("refuses an import %s", (_, files, message) => {
    const result = check("imports", treeOf(files));
    expect(result.status).toBe(1);
    expect(result.stderr).toContain(message);
  });

  test.each(["Date.now()", "process.cwd()", "Math.random()", "new Date()"])("refuses %s in compile", (effect) => {
    const result = check(
      "imports",
      treeOf({ "src/compile/a.ts": `export const a = 1;\nexport const b = ${effect};\n` }),
    );
    expect(result.stderr).toContain("src/compile/a.ts:2: compile is pure");
  });
});

describe("check-text", () => {
  test("accepts a plain text", () => {
    expect(check("text", gitTreeOf({ "a.md": "See `/plx-context/artifacts`.\n" })).status).toBe(0);
  });

  test.each([
    ["the checkout's own path", (root: string) => `see ${root}/a.ts`, "a path of this machine"],
    ["somebody's home", () => "see /ho" + "me/grace/notes", "a path of somebody's machine"],
    ["a note to oneself", () => "TO" + "DO: later", "a note to oneself"],
    ["a conflict", () => "<".repeat(7) + " main", "an unresolved conflict"],
    ["a token", () => `ghp_${"a".repeat(36)}`, "a token that looks real"],
  ])("refuses %s", (_, line, message) => {
    const root = gitTreeOf({});
    writeFileSync(join(root, "a.md"), `first\n${line(root)}\n`);
    const result = check("text", root);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain(`a.md:2: ${message}`);
  });

  test("reads commit messages too", () => {
    const root = gitTreeOf({ "a.md": "a\n" });
    git(root, "commit", "--quiet", "--allow-empty", "--message", `Made in ${root}`);
    expect(check("text", root).stderr).toMatch(/^commit [0-9a-f]{12}:1: a path of this machine/);
  });
});

describe("check-lock", () => {
  const lockWith = (packages: object): string =>
    JSON.stringify({
      packages: { "node_modules/a": { optionalDependencies: { "a-darwin-x64": "1.0.0" } }, ...packages },
    });

  test("refuses a lock without another platform's package, and completes it", () => {
    const root = treeOf({ "package-lock.json": lockWith({ "node_modules/a-darwin-x64": { version: "2.0.0" } }) });
    expect(check("lock", root).stderr).toContain("a-darwin-x64@1.0.0 of node_modules/a is missing");
    expect(check("lock", "--fix", root)).toEqual({ status: 0, stderr: "" });
    expect(check("lock", root)).toEqual({ status: 0, stderr: "" });
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    expect(packages["node_modules/a/node_modules/a-darwin-x64"]).toEqual({
      version: "1.0.0",
      cpu: ["x64"],
      optional: true,
      os: ["darwin"],
    });
  });

  test("refuses a lock that names a registry", () => {
    const packages = { "node_modules/a-darwin-x64": { version: "1.0.0", resolved: "https://registry.invalid/a.tgz" } };
    expect(check("lock", treeOf({ "package-lock.json": lockWith(packages) })).stderr).toContain("names a registry");
  });
});

describe("check-package", () => {
  test("refuses what does not belong into the package, and what is missing", () => {
    const root = treeOf({
      "package.json": '{ "name": "a", "version": "1.0.0", "files": ["bin", "src"] }\n',
      "bin/bowline.js": "\n",
      "src/index.ts": "\n",
    });
    const result = check("package", root);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain("src/index.ts: does not belong into the package");
    expect(result.stderr).toContain("LICENSE: is missing from the package");
    expect(result.stderr).not.toContain("bin/bowline.js");
  });
});

describe("check-docs", () => {
  const packageJson = '{ "scripts": { "checks": "true" } }\n';

  test("accepts links to files and headings, and scripts that exist", () => {
    const root = gitTreeOf({
      "package.json": packageJson,
      "README.md": "[a](docs/a.md#two-words), [b](#here)\n\n# Here\n\nRun `npm run checks`. `[x](not-a-link)`\n",
      "docs/a.md": "# Two words\n",
    });
    expect(check("docs", root)).toEqual({ status: 0, stderr: "" });
  });

  test.each([
    ["a link to no file", "[a](docs/b.md)", 'the link "docs/b.md" leads nowhere'],
    ["a link to no heading", "[a](#nowhere)", '"#nowhere" names no heading'],
    ["a script that does not exist", "`npm run nothing`", 'there is no script "nothing"'],
  ])("refuses %s", (_, line, message) => {
    const result = check("docs", gitTreeOf({ "package.json": packageJson, "README.md": `${line}\n` }));
    expect(result.status).toBe(1);
    expect(result.stderr).toContain(message);
  });
});

describe("check-docs, about commands", () => {
  const commands =
    "### run\n\n| `-f`, `--file FILE` | a file |\n\n### secrets set\n\n| `--from-file KEY=PATH` | a file |\n";

  test.each([
    ["```sh\nbowline run -f a.yaml -- cmd --any\nnpx bowline secrets set a --from-file b=c | cat -n\n```\n", ""],
    ["`bowline run --help`, `bowline secrets`, `bowline COMMAND`", ""],
    ["```sh\nbowline launch\n```\n", 'there is no command "bowline launch"'],
    ["`bowline secrets put a`", 'there is no command "bowline secrets put"'],
    ["```sh\nbowline run --files a\n```\n", '"bowline run" has no option --files'],
  ])("%j", (text, message) => {
    const files = { "package.json": "{}", "docs/reference/commands.md": commands, "README.md": text };
    expect(check("docs", gitTreeOf(files)).stderr).toBe(message === "" ? "" : `README.md: ${message}\n`);
  });
});

test("check-docs refuses a page that is not in the index", () => {
  const index = { "docs/README.md": "[a](a.md)\n", "docs/a.md": "# A\n", "docs/b.md": "# B\n" };
  const result = check("docs", gitTreeOf({ "package.json": "{}", ...index }));
  expect(result.stderr).toBe("docs/README.md: the page b.md is not in the index\n");
});

test("check-docs refuses a code that no page explains, and a code that nothing gives", () => {
  const result = check(
    "docs",
    gitTreeOf({
      "package.json": "{}",
      "src/git/a.ts": 'const a = { code: "HOST_AWAY" };\nconst b = { code: "HOST_SLOW" };\n',
      "docs/reference/errors.md": "| `HOST_AWAY` | 5 | away |\n",
      "docs/warnings.md": "| `HOST_OLD` | old |\n",
    }),
  );
  expect(result.stderr.split("\n")).toEqual([
    "docs/warnings.md: the code HOST_SLOW is missing",
    "docs/warnings.md: nothing gives the code HOST_OLD",
    "",
  ]);
});

describe("the lint rules", () => {
  test.each([
    ["a file of more than 300 lines", "src/git/a.ts", "export {};\n".padEnd(400, "\n"), "max-lines"],
    [
      "a promise that nobody waits for",
      "src/git/a.ts",
      "export function a(b: () => Promise<void>): void {\n  b();\n}\n",
      "no-floating-promises",
    ],
    [
      "a promise as a condition",
      "src/git/a.ts",
      "export function a(b: Promise<boolean>): number {\n  return b ? 1 : 2;\n}\n",
      "no-misused-promises",
    ],
    ["a default export", "src/git/a.ts", "export default 1;\n", "no-default-export"],
    ["console", "src/git/a.ts", "console.log(1);\n", "no-console"],
    ["the environment outside of config", "src/git/a.ts", "export const a = process.env.A;\n", "no-process-env"],
    ["any", "src/git/a.ts", "export const a: any = 1;\n", "no-explicit-any"],
  ])("refuse %s", (_, file, text, rule) => {
    expect(lint({ [file]: text })).toContain(rule);
  });

  test("refuse a cycle of imports, of types too", () => {
    const output = lint({
      "src/git/a.ts": 'import type { B } from "./b.ts";\nexport interface A {\n  b: B;\n}\n',
      "src/git/b.ts": 'import type { A } from "./a.ts";\nexport interface B {\n  a: A;\n}\n',
    });
    expect(output).toContain("no-cycle");
  });

  test("let config read the environment", () => {
    expect(lint({ "src/config/a.ts": "export const a = process.env.A;\n" })).not.toContain("no-process-env");
  });
});

function lint(files: Record<string, string>): string {
  const root = treeOf(files);
  for (const name of [".oxlintrc.json", "tsconfig.json", "package.json"])
    cpSync(join(repository, name), join(root, name));
  symlinkSync(join(repository, "node_modules"), join(root, "node_modules"));
  return spawnSync(join(repository, "node_modules/.bin/oxlint"), ["--format=unix", "src"], {
    cwd: root,
    encoding: "utf8",
  }).stdout;
}

function check(name: string, ...args: string[]): { status: number | null; stderr: string } {
  const script = join(repository, `scripts/check-${name}.js`);
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { status, stderr };
}

function gitTreeOf(files: Record<string, string>): string {
  const root = treeOf(files);
  git(root, "init", "--quiet");
  git(root, "commit", "--quiet", "--allow-empty", "--message", "First");
  return root;
}

function git(root: string, ...args: string[]): void {
  execFileSync("git", ["-C", root, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...args]);
}

function treeOf(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "bowline-checks-"));
  folders.push(root);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}
