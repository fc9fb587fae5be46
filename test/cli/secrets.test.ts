import { execa } from "execa";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSecretStore } from "../../src/secrets/index.ts";
import { homeFolders } from "../../src/config/index.ts";
import { checkFailure } from "../support/contract.ts";
import { newDesk, noTerminal, typeAt, type Desk } from "./bowline.ts";

const KEY = "POLYAXON_GIT_CREDENTIALS";

describe("bowline secrets", () => {
  test.each([
    ["a value", "a value"],
    ["token@/#%?\n", "token@/#%?"],
    ["windows\r\n", "windows"],
    ["two\n\n", "two\n\n"],
    ["-----BEGIN KEY-----\nabc\n-----END KEY-----\n", "-----BEGIN KEY-----\nabc\n-----END KEY-----\n"],
  ])("set keeps %j from standard input as %j", async (input, kept) => {
    const desk = await newDesk();
    const answer = await desk.bowline(["secrets", "set", "git-secret", KEY], { input });
    expect(answer).toEqual({ stdout: "", stderr: `stored ${KEY} in secret "git-secret"\n`, exitCode: 0 });
    expect(await stored(desk, "git-secret")).toEqual({ [KEY]: kept });
  });

  test("set takes files as they are, several at once", async () => {
    const desk = await newDesk();
    await desk.write("key", "line\n");
    await desk.write("hosts", "a b c\n");
    expect((await desk.bowline(["secrets", "set", "s", "--from-file", "key"])).stderr).toContain("takes KEY=PATH");
    const words = ["secrets", "set", "s", "--from-file", "ssh-privatekey=key", "--from-file", "known_hosts=hosts"];
    expect((await desk.bowline(words)).exitCode).toBe(0);
    expect(await stored(desk, "s")).toEqual({ "ssh-privatekey": "line\n", known_hosts: "a b c\n" });
  });

  test("a value on the command line is refused, not repeated and not kept", async () => {
    const desk = await newDesk();
    const { stdout, stderr, exitCode } = await desk.bowline(["secrets", "set", "s", KEY, "s3cr3t"]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toMatch(/leave it out, and pipe it in/);
    expect(stderr).not.toContain("s3cr3t");
    await expect(readdir(join(desk.folder, "home"))).rejects.toThrow("ENOENT");
  });

  test.skipIf(noTerminal)(
    `set asks on a terminal without echo${noTerminal ? ` (skipped: ${noTerminal})` : ""}`,
    async () => {
      const desk = await newDesk();
      const words = ["secrets", "set", "s", KEY];
      const { shown, exitCode } = await typeAt(desk, words, [["not shown", "tokenX\u007f@/#%\r"]]);
      expect(exitCode).toBe(0);
      expect(shown).toContain(`stored ${KEY} in secret "s"`);
      expect(shown).not.toContain("token");
      expect(await stored(desk, "s")).toEqual({ [KEY]: "token@/#%" });
      const interrupted = await typeAt(desk, ["secrets", "set", "s", "other"], [["not shown", "abc\u0003"]]);
      expect(interrupted.exitCode).toBe(130);
      expect(await stored(desk, "s")).toEqual({ [KEY]: "token@/#%" });
    },
  );

  test("ls shows names and keys only; get of a value exists nowhere", async () => {
    const desk = await newDesk();
    await desk.bowline(["secrets", "set", "b", KEY], { input: "s3cr3t" });
    await desk.bowline(["secrets", "set", "a", "username"], { input: "ada" });
    expect((await desk.bowline(["secrets", "ls"])).stdout).toBe(
      `NAME  KIND    KEYS\na     secret  username\nb     secret  ${KEY}\n`,
    );
    const { stdout } = await desk.bowline(["secrets", "ls", "-o", "json"]);
    expect(JSON.parse(stdout)).toEqual([
      { kind: "secret", name: "a", keys: ["username"] },
      { kind: "secret", name: "b", keys: [KEY] },
    ]);
    expect((await desk.bowline(["secrets", "ls", "-o", "name"])).stdout).toBe("a\nb\n");
  });

  test("rm needs a yes where nobody can be asked, then removes", async () => {
    const desk = await newDesk();
    await desk.bowline(["secrets", "set", "s", "one"], { input: "1" });
    await desk.bowline(["secrets", "set", "s", "two"], { input: "2" });
    const refused = await desk.bowline(["secrets", "rm", "s", "one"]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("to answer yes, add --yes");
    expect((await desk.bowline(["secrets", "rm", "s", "one", "-y"])).exitCode).toBe(0);
    expect(await stored(desk, "s")).toEqual({ two: "2" });
    expect((await desk.bowline(["secrets", "rm", "s", "-y"])).exitCode).toBe(0);
    const { stdout } = await desk.bowline(["secrets", "ls", "-o", "json"]);
    expect(JSON.parse(stdout)).toEqual([]);
    expect((await desk.bowline(["secrets", "rm", "s", "-y"])).exitCode).toBe(3);
  });

  test("apply keeps what a manifest holds, and shows nothing of one that is broken", async () => {
    const desk = await newDesk();
    const manifest = `apiVersion: v1\nkind: Secret\nmetadata: {name: git-secret}\nstringData:\n  ${KEY}: s3cr3t\n`;
    const applied = await desk.bowline(["secrets", "apply", "-f", "-"], { input: manifest });
    expect(applied).toEqual({ stdout: "", stderr: `stored secret "git-secret": ${KEY}\n`, exitCode: 0 });
    expect(await stored(desk, "git-secret")).toEqual({ [KEY]: "s3cr3t" });
    for (const input of [`${manifest}  bad: [s3cr3t\n`, manifest.replace("stringData", "data")]) {
      await desk.write("broken.yaml", input);
      const { stdout, stderr, exitCode } = await desk.bowline(["secrets", "apply", "-f", "broken.yaml"]);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
      expect(stderr).toContain("broken.yaml:");
      expect(stderr).not.toContain("s3cr3t");
    }
  });

  test("a lost key file is an error that says so", async () => {
    const desk = await newDesk();
    await desk.bowline(["secrets", "set", "s", KEY], { input: "x" });
    const key = join(desk.folder, "home", "data", "secrets", "key");
    expect(await readFile(key)).not.toHaveLength(0);
    await execa("rm", [key]);
    const { stderr, exitCode } = await desk.bowline(["secrets", "set", "s", "more"], { input: "y" });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("[SECRETS_UNREADABLE]");
  });

  test("with -o json a failure is a document", async () => {
    const desk = await newDesk();
    const { stdout } = await desk.bowline(["secrets", "ls", "--config", "absent.yaml", "-o", "json"]);
    expect(checkFailure(JSON.parse(stdout)).errors[0]!.code).toBe("FILE_NOT_READ");
  });
});

async function stored({ env }: Desk, name: string): Promise<Record<string, string>> {
  const values = await openSecretStore(homeFolders(env)).get(name);
  return Object.fromEntries([...values].map(([key, value]) => [key, value.toString()]));
}
