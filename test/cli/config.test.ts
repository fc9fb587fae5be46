import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { mkdir, readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { checkNoNull } from "../support/contract.ts";
import { newDesk } from "./bowline.ts";

const canMount = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
const noMount = canMount ? "" : " (skipped: no tmpfs can be mounted here)";

describe("bowline config", () => {
  test("view shows what is used, where it comes from, and no password", async () => {
    const desk = await newDesk();
    await desk.write("bowline.yaml", "policy: {maxFiles: 7}\nexecutor: {kind: process, inheritEnv: [AWS_PROFILE]}\n");
    const env = { HTTPS_PROXY: "http://ada:pa@s3cr3t@proxy:3128", http_proxy: "ada:s3cr3t@proxy:3128" };
    const { stdout } = await desk.bowline(["config", "view", "--config", "bowline.yaml", "-o", "json"], { env });
    checkNoNull(JSON.parse(stdout));
    expect(JSON.parse(stdout)).toMatchObject({
      origin: "flag",
      trusted: true,
      executor: { kind: "process", inheritEnv: ["AWS_PROFILE"] },
      policy: { maxFiles: 7, timeouts: { connect: 10_000 } },
    });
    expect(stdout).not.toContain("s3cr3t");
    const wide = await desk.bowline(["config", "view", "--config", "bowline.yaml", "-o", "wide"], { env });
    expect(wide.stdout).toMatch(/network.httpProxy .* \*\*\*@proxy:3128\n/);
    expect(wide.stdout).not.toContain("s3cr3t");
    const found = await desk.bowline(["config", "view"]);
    expect(found.stdout).toContain("found from here upwards");
    expect(found.stdout).toContain("not trusted");
    expect((await desk.bowline(["config", "view", "-o", "name"])).stdout).toBe(
      `${join(desk.folder, "bowline.yaml")}\n`,
    );
  });

  test("trust needs a yes, remembers, and says what needs none", async () => {
    const desk = await newDesk();
    expect((await desk.bowline(["config", "trust", "-y"])).exitCode).toBe(2);
    await desk.write("bowline.yaml", "connections: []\n");
    expect((await desk.bowline(["config", "trust"])).stderr).toContain("add --yes");
    expect((await desk.bowline(["config", "trust", "-y"])).exitCode).toBe(0);
    expect(JSON.parse((await desk.bowline(["config", "view", "-o", "json"])).stdout)).toMatchObject({ trusted: true });
    expect((await desk.bowline(["config", "trust"])).stderr).toContain("trusted already");
    const named = await desk.bowline(["config", "trust", "--config", "bowline.yaml"]);
    expect(named.stderr).toContain("named by you");
    expect((await desk.bowline(["config", "trust", "absent.yaml", "-y"])).exitCode).toBe(2);
  });
});

describe("bowline init", () => {
  test("writes the git preset, and asks before it replaces one", async () => {
    const desk = await newDesk();
    await desk.write(
      "bowline.yaml",
      'connections: [{name: a, kind: git, schema: {url: "https://gitlab.com/org/test"}}]\n',
    );
    expect((await desk.bowline(["init"])).exitCode).toBe(2);
    expect((await desk.bowline(["init", "--git-url", "--upload-pack=x"])).exitCode).toBe(2);
    const url = "https://gitlab.com/org/other";
    expect((await desk.bowline(["init", "--git-connection", "a", "--git-url", url])).exitCode).toBe(0);
    const file = join(desk.folder, "polyaxongit.yaml");
    expect(await readFile(file, "utf8")).toBe(`connection: a\ngit:\n  url: ${url}\n`);
    expect((await desk.bowline(["init", "--git-connection", "a"])).exitCode).toBe(2);
    expect((await desk.bowline(["init", "--git-connection", "a", "-y"])).exitCode).toBe(0);
    expect(await readFile(file, "utf8")).toBe("connection: a\n");
  });
});

describe("the commands around", () => {
  test.each(["config", "polyaxonfile"])("schema %s is a whole JSON Schema, through a pipe, too", async (name) => {
    const desk = await newDesk();
    const { stdout, exitCode } = await desk.bowline(["schema", name]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema" });
  });

  test("doctor finds what is there, and what is wrong", async () => {
    const desk = await newDesk();
    const fine = await desk.bowline(["doctor", "-o", "json"]);
    expect(fine.exitCode).toBe(0);
    const findings = JSON.parse(fine.stdout) as { what: string; state: string }[];
    expect(findings.find(({ what }) => what === "git")!.state).toBe("ok");
    await desk.write("bowline.yaml", "connections: {");
    const wrong = await desk.bowline(["doctor"]);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stdout).toMatch(/^config +wrong/m);
    const absent = await desk.bowline(["doctor"], { env: { PATH: "/absent" } });
    expect(absent.stdout).toMatch(/^git +wrong/m);
  });

  test.skipIf(!canMount)(`no room is what doctor and secrets say where none is left${noMount}`, async () => {
    const desk = await newDesk();
    const home = join(desk.folder, "small");
    await mkdir(home);
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", home]).status).toBe(0);
    const { stdout } = await desk.bowline(["doctor"], { env: { BOWLINE_HOME: home } });
    spawnSync("dd", ["if=/dev/zero", `of=${join(home, "filler")}`, "bs=1k"]);
    const words = ["secrets", "set", "a", "b"];
    const { stderr } = await desk.bowline(words, { input: "x", env: { BOWLINE_HOME: home } });
    spawnSync("umount", ["-l", home]);
    expect(stderr).toContain("[DISK_FULL]");
    expect(stdout).toMatch(/^folders +wrong +less than 1 MiB is free/m);
  });

  test("a home that is no folder is said to be none", async () => {
    const desk = await newDesk();
    await desk.write("file", "");
    const { stderr, exitCode } = await desk.bowline(["ps"], { env: { BOWLINE_HOME: join(desk.folder, "file") } });
    expect({ stderr, exitCode }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("[DISK_NOT_WRITABLE]") });
  });

  test("version -o json has what a bug report needs", async () => {
    const { stdout } = await (await newDesk()).bowline(["version", "-o", "json"]);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(
      expect.arrayContaining(["bowline", "node", "git", "platform"]),
    );
  });

  test.each(["commands", "errors"])("docs/reference/%s.md is what the command prints", async (page) => {
    const desk = await newDesk();
    const { stdout } = await desk.bowline(["__reference", page]);
    const file = new URL(`../../docs/reference/${page}.md`, import.meta.url);
    expect(await readFile(file, "utf8"), "run: npm run reference").toBe(stdout);
  });
});
