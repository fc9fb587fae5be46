import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { type Config, DEFAULT_POLICY, loadConfig, trustConfig } from "../../src/config/index.ts";
import { type ConfigFolder, configFolder } from "./config-folder.ts";

let folder: string;
let env: Record<string, string>;
let write: ConfigFolder["write"];
let read: ConfigFolder["read"];
beforeEach(async () => {
  ({ folder, env, write, read } = await configFolder());
});

describe("where the config is", () => {
  const named = (name: string) => `connections: [{name: ${name}, kind: git}]\n`;
  const nameIn = (config: Config) => [...config.catalog.connections.keys()].join();

  test("there need not be one", async () => {
    const config = await loadConfig({ cwd: folder, env });
    expect(config).toMatchObject({ origin: "none", trusted: true, executor: { kind: "process" } });
    expect(config.path).toBeUndefined();
    expect(config.policy).toEqual(DEFAULT_POLICY);
  });

  test("--config before BOWLINE_CONFIG before the folders upwards before the config home", async () => {
    write("home/.config/bowline/bowline.yaml", named("home"));
    const cwd = join(folder, "work", "a", "b");
    mkdirSync(cwd, { recursive: true });
    expect(await loadConfig({ cwd, env })).toMatchObject({ origin: "home", trusted: true });
    const found = write("work/bowline.yaml", named("found"));
    expect(await loadConfig({ cwd, env })).toMatchObject({ origin: "found", path: found, trusted: false });
    write("work/a/b/bowline.yaml", named("nearest"));
    expect(nameIn(await loadConfig({ cwd, env }))).toBe("nearest");
    write("work/a/variable.yaml", named("variable"));
    const withVariable = { ...env, BOWLINE_CONFIG: "../variable.yaml" };
    const byVariable = await loadConfig({ cwd, env: withVariable });
    expect([byVariable.origin, byVariable.trusted, nameIn(byVariable)]).toEqual(["environment", true, "variable"]);
    write("work/a/b/flag.yaml", named("flag"));
    const byFlag = await loadConfig({ flag: "flag.yaml", cwd, env: withVariable });
    expect([byFlag.origin, byFlag.trusted, nameIn(byFlag)]).toEqual(["flag", true, "flag"]);
  });

  test("BOWLINE_HOME and XDG_CONFIG_HOME move the config home; a relative XDG folder does not count", async () => {
    const home = write("own/bowline.yaml", named("own"));
    const xdg = write("xdg/bowline/bowline.yaml", named("xdg"));
    const cwd = join(folder, "work");
    mkdirSync(cwd);
    expect((await loadConfig({ cwd, env: { ...env, BOWLINE_HOME: dirname(home) } })).path).toBe(home);
    expect((await loadConfig({ cwd, env: { ...env, XDG_CONFIG_HOME: join(folder, "xdg") } })).path).toBe(xdg);
    expect((await loadConfig({ cwd, env: { ...env, XDG_CONFIG_HOME: "xdg" } })).path).toBeUndefined();
  });

  test("the config home's own file is the user's, also when it is found from inside that folder", async () => {
    const home = write("own/bowline.yaml", named("own"));
    const config = await loadConfig({ cwd: dirname(home), env: { ...env, BOWLINE_HOME: dirname(home) } });
    expect(config).toMatchObject({ origin: "home", trusted: true });
  });

  test("one that is named and not there is an error", async () => {
    await expect(loadConfig({ flag: "no.yaml", cwd: folder, env })).rejects.toMatchObject({ code: "FILE_NOT_READ" });
    const named = { ...env, BOWLINE_CONFIG: "no.yaml" };
    await expect(loadConfig({ cwd: folder, env: named })).rejects.toMatchObject({ code: "FILE_NOT_READ" });
  });

  test.each(["", "\n", "# nothing\n", "---\n"])("an empty one (%j) says nothing", async (text) => {
    expect((await read(text)).policy).toEqual(DEFAULT_POLICY);
  });
});

describe("trust", () => {
  const text = "connections: [{name: a, kind: git}]\npolicy: {plainHttpHosts: [git.lan], urlOverride: refuse}\n";

  test("a config that was found sets no policy, with a warning, until it is trusted once", async () => {
    const path = write("work/bowline.yaml", text);
    const cwd = join(folder, "work");
    const before = await loadConfig({ cwd, env });
    expect(before.trusted).toBe(false);
    expect(before.policy).toEqual(DEFAULT_POLICY);
    expect(before.warnings).toMatchObject([{ code: "CONFIG_UNTRUSTED", place: { line: 2, column: 1 } }]);
    expect(before.warnings[0]!.hint).toContain(`bowline config trust ${path}`);
    expect([...before.catalog.connections.keys()]).toEqual(["a"]);
    await trustConfig(path, before.home);
    const after = await loadConfig({ cwd, env });
    expect(after.trusted).toBe(true);
    expect(after.policy).toMatchObject({ plainHttpHosts: ["git.lan"], urlOverride: "refuse" });
    expect(after.warnings).toEqual([]);
    write("work/bowline.yaml", `${text}# changed\n`);
    expect((await loadConfig({ cwd, env })).trusted).toBe(true);
  });

  test("is for the real path: another folder has none, a link to the trusted one has it", async () => {
    const path = write("work/bowline.yaml", text);
    write("other/bowline.yaml", text);
    const { home } = await loadConfig({ cwd: folder, env });
    symlinkSync(join(folder, "work"), join(folder, "link"));
    await trustConfig(join(folder, "link"), home);
    expect((await loadConfig({ cwd: join(folder, "link"), env })).trusted).toBe(true);
    expect((await loadConfig({ cwd: dirname(path), env })).trusted).toBe(true);
    expect((await loadConfig({ cwd: join(folder, "other"), env })).trusted).toBe(false);
  });

  test("several at once are all kept; a damaged list trusts nothing", async () => {
    const { home } = await loadConfig({ cwd: folder, env });
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((name) => trustConfig(write(`${name}/bowline.yaml`, text), home)));
    const trusted = async () =>
      Promise.all(names.map(async (name) => (await loadConfig({ cwd: join(folder, name), env })).trusted));
    expect(await trusted()).toEqual([true, true, true, true]);
    writeFileSync(join(home.data, "trusted.json"), '{"paths": 1');
    expect(await trusted()).toEqual([false, false, false, false]);
  });

  test("what is not there cannot be trusted", async () => {
    const { home } = await loadConfig({ cwd: folder, env });
    await expect(trustConfig(join(folder, "no.yaml"), home)).rejects.toMatchObject({ code: "FILE_NOT_READ" });
    await expect(trustConfig(folder, home)).rejects.toMatchObject({ code: "FILE_NOT_READ" });
  });
});
