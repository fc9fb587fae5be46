import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config/index.ts";
import { makeUser, repository, type User } from "../examples/command.ts";

/** Names of connections that the docs use, for the polyaxonfiles in them. */
const CATALOG = `connections:
  - {name: repo-test, kind: git, schema: {url: https://gitlab.com/org/test}}
  - {name: my-code, kind: git, schema: {url: https://github.com/YOU/REPOSITORY}}
`;

const blocks = [...pages("."), ...pages("docs")].flatMap((page) => {
  const text = readFileSync(join(repository, page), "utf8");
  return [...text.matchAll(/^```yaml\n([^]*?)^```/gm)].map((match) => {
    const line = text.slice(0, match.index).split("\n").length + 1;
    return { where: `${page}:${line}`, text: match[1] ?? "" };
  });
});
// A block that begins further in is a part of the one before it.
// kustomize reads its own file
const whole = blocks.filter(({ text }) => !text.startsWith(" ") && !text.startsWith("# kustomization.yaml"));
const configs = whole.filter(({ text }) => isConfig(text));
const polyaxonfiles = whole.filter(({ text }) => !isConfig(text));

let user: User;
beforeAll(async () => {
  user = await makeUser();
});

test.each(configs)("the config of $where is one", async ({ text }) => {
  const flag = join(user.home, "block.yaml");
  await writeFile(flag, text);
  const config = await loadConfig({ flag, cwd: user.home, env: { HOME: user.home } });
  expect(config.warnings).toEqual([]);
});

test.each(polyaxonfiles)("the polyaxonfile of $where can be run", async ({ text }) => {
  const config = join(user.home, "catalog.yaml");
  await writeFile(config, CATALOG);
  const args = [
    "check",
    "-f",
    "-",
    "--config",
    config,
    "-o",
    "json",
    ...(text.includes("command:") ? [] : ["--", "true"]),
  ];
  const { stdout, stderr } = await user.bowline(args, { input: text });
  expect({ errors: JSON.parse(stdout).errors, stderr }).toEqual({ stderr: expect.any(String) });
});

test("the docs have both", () => {
  expect(configs.length).toBeGreaterThan(3);
  expect(polyaxonfiles.length).toBeGreaterThan(2);
});

function isConfig(text: string): boolean {
  const value: unknown = parse(text);
  const keys = Object.keys(value ?? {});
  return (
    ["connections", "credentials", "policy", "executor", "init"].some((key) => keys.includes(key)) &&
    !keys.includes("run")
  );
}

function pages(folder: string): string[] {
  const names = readdirSync(join(repository, folder)).filter((name) => name.endsWith(".md"));
  return names.map((name) => join(folder, name));
}
