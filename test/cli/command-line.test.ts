import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMMANDS, GROUPS } from "../../src/cli/commands/index.ts";
import packageJson from "../../package.json" with { type: "json" };
import { checkFailure } from "../support/contract.ts";
import { BOWLINE, newDesk } from "./bowline.ts";

describe("the command line", () => {
  test.each([["--version"], ["version"], ["-V"]])("%s prints the version alone", async (word) => {
    const { bowline } = await newDesk();
    expect(await bowline([word])).toEqual({ stdout: `${packageJson.version}\n`, stderr: "", exitCode: 0 });
  });

  test.each([["version"], ["schema polyaxonfile"]])("%s into a full disk says so, and shows no stack", (words) => {
    const full = openSync("/dev/full", "w");
    const { stderr, status } = spawnSync(process.execPath, [BOWLINE, ...words.split(" ")], {
      stdio: ["ignore", full, "pipe"],
    });
    closeSync(full);
    const told = { stderr: stderr.toString(), status };
    expect(told).toEqual({ stderr: "error: standard output cannot be written (ENOSPC)\n", status: 1 });
  });

  test("bowline alone explains itself and names every command", async () => {
    const { bowline } = await newDesk();
    const { stdout, exitCode } = await bowline([]);
    expect(exitCode).toBe(0);
    const names = COMMANDS.filter((each) => !each.hidden).map((each) => each.name.split(" ")[0]!);
    for (const name of [...names, ...Object.keys(GROUPS)]) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    expect(stdout).not.toMatch(/supervise|__/);
  });

  test.each(COMMANDS.filter((each) => !each.hidden).map((each) => [each.name, each] as const))(
    "the help of %s has a summary, all options and two real examples",
    async (name, record) => {
      const { bowline } = await newDesk();
      const { stdout, stderr, exitCode } = await bowline([...name.split(" "), "--help"]);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      expect(stdout).toContain(`Usage: bowline ${name}`);
      expect(stdout).toContain("--config");
      expect(record.examples.length).toBeGreaterThanOrEqual(2);
      for (const { line, does } of record.examples) {
        expect(stdout).toContain(line);
        expect(stdout).toContain(does);
        expect(line).toContain("bowline ");
      }
    },
  );

  test("every example's own options are options of its command", () => {
    for (const record of COMMANDS) {
      for (const { line } of record.examples) {
        const own = line.split(/ \| | > | -- /).find((part) => part.includes(`bowline ${record.name}`));
        if (own === undefined) continue;
        for (const [option] of own.matchAll(/(?<= )--[a-z-]+/g)) {
          const names = Object.keys(record.options).map(
            (each) => `--${each.replace(/[A-Z]/g, (at) => `-${at.toLowerCase()}`)}`,
          );
          expect(names, `${record.name}: ${line}`).toContain(option);
        }
      }
    }
  });

  test.each([
    [
      ["complation", "bash"],
      'error: unknown command "complation" [USAGE]\nhint: did you mean completion? see: bowline --help\n',
    ],
    [
      ["run", "--fil", "x"],
      'error: unknown option "--fil" [USAGE]\nhint: did you mean --file? see: bowline run --help\n',
    ],
    [
      ["connections", "lst"],
      'error: unknown command "lst" [USAGE]\nhint: did you mean ls? see: bowline connections --help\n',
    ],
    [["connections", "repo"], 'error: unknown command "repo" [USAGE]\nhint: see: bowline connections --help\n'],
    [
      ["-f", "job.yaml", "run"],
      'error: unknown option "-f" [USAGE]\nhint: options stand after the command; see: bowline --help\n',
    ],
    [
      ["connections"],
      'error: "bowline connections" needs to know what to do [USAGE]\nhint: one of: bowline connections ls, bowline connections get, bowline connections check, bowline connections trust\n',
    ],
    [
      ["ps", "-o", "xml"],
      'error: option "-o, --output <FORMAT>" argument "xml" is invalid. Allowed choices are table, wide, json, yaml, name [USAGE]\nhint: see: bowline ps --help\n',
    ],
    [
      ["run", "ls"],
      'error: too many arguments for "bowline run" [USAGE]\nhint: name the file with -f; a command goes after --: bowline run -f FILE -- COMMAND\n',
    ],
    [
      ["initializer", "git", "--pat", "x"],
      'error: unknown option "--pat" [USAGE]\nhint: did you mean "--path"? see: bowline initializer git --help\n',
    ],
  ])("%j is a usage error that says what is near", async (words, expected) => {
    const { bowline } = await newDesk();
    expect(await bowline(words)).toEqual({ stdout: "", stderr: expected, exitCode: 2 });
  });

  test("help COMMAND is COMMAND --help; --config may stand first", async () => {
    const desk = await newDesk();
    for (const name of ["run", "connections check", "secrets"]) {
      const words = name.split(" ");
      const [asked, option] = await Promise.all([desk.bowline(["help", ...words]), desk.bowline([...words, "--help"])]);
      expect(asked).toEqual(option);
      expect(asked.exitCode).toBe(0);
    }
    expect((await desk.bowline(["help", "runn"])).stderr).toContain('did you mean "run"?');
    await desk.write("mine.yaml", "connections: [{name: a, kind: slack}]\n");
    const first = await desk.bowline(["--config", "mine.yaml", "connections", "ls", "-o", "name"]);
    expect(first).toEqual({ stdout: "a\n", stderr: "", exitCode: 0 });
  });

  test("with -o json a usage error is a document, too", async () => {
    const { bowline } = await newDesk();
    const { stdout, exitCode } = await bowline(["ps", "--statsu", "x", "-o", "json"]);
    expect(exitCode).toBe(2);
    expect(checkFailure(JSON.parse(stdout)).errors[0]!.code).toBe("USAGE");
  });

  test("what an argument looks like is shown where it is missing", async () => {
    const desk = await newDesk();
    const { stderr, exitCode } = await desk.bowline(["schema"]);
    expect({ stderr, exitCode }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("bowline schema polyaxonfile"),
    });
  });

  test("a value after = of an unknown option is not repeated", async () => {
    const { bowline } = await newDesk();
    const { stderr, exitCode } = await bowline(["secrets", "set", "a", "b", "--value=s3cr3t-t0ken"]);
    expect(exitCode).toBe(2);
    expect(stderr).not.toContain("s3cr3t");
  });
});
