import { execa } from "execa";
import { spawnSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BOWLINE, newDesk, type Desk } from "./bowline.ts";

const CATALOG = `connections:
  - {name: repo-test, kind: git, description: Training code, schema: {url: "https://gitlab.com/org/test"}}
  - {name: repo-ssh, kind: git, schema: {url: "git@gitlab.com:org/test"}}
`;

describe("completion", () => {
  test.each([
    [["r"], ["restart", "run"]],
    [["conn"], ["connections"]],
    [
      ["connections", ""],
      ["check", "get", "ls", "trust"],
    ],
    [
      ["run", "--git"],
      ["--git-preset", "--git-revision"],
    ],
    [
      ["run", "--executor", ""],
      ["docker", "kubernetes", "process"],
    ],
    [["run", "--executor", "=", "p"], ["process"]],
    [["ps", "-o", "j"], ["json"]],
    [["run", "-f", ""], [":file"]],
    [
      ["connections", "check", ""],
      ["repo-ssh", "repo-test"],
    ],
    [["connections", "get", "repo-t"], ["repo-test"]],
    [
      ["init", "--git-connection", ""],
      ["repo-ssh", "repo-test"],
    ],
    [
      ["completion", ""],
      ["bash", "fish", "zsh"],
    ],
    [["secrets", "rm", ""], ["git-secret"]],
    [["run", "-f", "x", "--", ""], [":file"]],
    [["logs", "no-such-run", "--no-such"], []],
  ])("%j is completed by %j", async (words, expected) => {
    const desk = await newDesk();
    await desk.write("bowline.yaml", CATALOG);
    await desk.bowline(["secrets", "set", "git-secret", "token"], { input: "x" });
    const { stdout, stderr, exitCode } = await desk.bowline(["__complete", "--", ...words]);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const values = stdout.split("\n").filter((line) => line !== "");
    expect(values.map((line) => line.split("\t")[0]!).toSorted((a, b) => a.localeCompare(b))).toEqual(expected);
  });

  test("a broken config completes nothing and says nothing", async () => {
    const desk = await newDesk();
    await desk.write("bowline.yaml", "connections: [");
    expect(await desk.bowline(["__complete", "--", "connections", "get", ""])).toEqual({
      stdout: "",
      stderr: "",
      exitCode: 0,
    });
  });

  test("bash completes commands, names and files with the printed script", async () => {
    const desk = await shellDesk();
    const complete = async (line: string): Promise<string[]> => {
      const script = `eval "$(bowline completion bash)"
        COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
        _bowline; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await execa("bash", ["-c", script], { cwd: desk.folder, env: desk.env, extendEnv: false });
      return stdout.split("\n").toSorted();
    };
    expect(await complete("bowline connections check ''")).toEqual(["repo-ssh", "repo-test"]);
    expect(await complete("bowline sche")).toEqual(["schema"]);
  });

  test.each(["zsh", "fish"] as const)("the script of %s can be read by it, where it is installed", async (shell) => {
    const desk = await shellDesk();
    const { stdout } = await desk.bowline(["completion", shell]);
    expect(stdout).toContain("__complete");
    if (spawnSync(shell, ["--version"]).error !== undefined) return;
    await desk.write("script", stdout);
    await execa(shell, ["-n", "script"], { cwd: desk.folder, env: desk.env, extendEnv: false });
  });
});

/** A desk with `bowline` on its PATH. */
async function shellDesk(): Promise<Desk> {
  const desk = await newDesk();
  await desk.write("bowline.yaml", CATALOG);
  await mkdir(join(desk.folder, "bin"));
  await symlink(BOWLINE, join(desk.folder, "bin", "bowline"));
  desk.env["PATH"] = `${join(desk.folder, "bin")}:${desk.env["PATH"]}`;
  return desk;
}
