import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { homeFolders } from "../../src/config/index.ts";
import { openSecretStore } from "../../src/secrets/index.ts";
import { checkRunRecord } from "../support/contract.ts";
import { git } from "../support/index.ts";
import { newDesk, type Desk } from "./bowline.ts";

describe("bowline demo", () => {
  test("runs three polyaxonfiles and leaves nothing", async () => {
    const desk = await newDesk();
    const temporary = join(desk.folder, "tmp");
    await mkdir(temporary);
    const { stdout, stderr, exitCode } = await desk.bowline(["demo"], { env: { TMPDIR: temporary } });
    expect(exitCode).toBe(0);
    for (const line of ["epoch 4 of 4", "training on 5 numbers", "hello from the first commit"])
      expect(stdout).toContain(`${line}\n`);
    expect(stdout).not.toContain("SECOND COMMIT");
    expect(stderr.match(/^succeeded after /gm)).toHaveLength(3);
    expect(stdout).toMatch(/\none-public +succeeded +hello@|one-public +succeeded +hello@/);
    expect(stdout).toContain("bowline secrets set my-git");
    expect(await readdir(temporary)).toEqual([]);
    expect((await readdir(desk.folder)).toSorted((a, b) => a.localeCompare(b))).toEqual(["tmp"]);
    expect(await processesOf(desk.folder)).toEqual([]);
  });

  test("says that git is missing, and leaves nothing", async () => {
    const desk = await newDesk();
    const { stderr, exitCode } = await desk.bowline(["demo", "--keep", "play"], { env: { PATH: desk.folder } });
    expect({ stderr, exitCode }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("[GIT_MISSING]") });
    expect(await readdir(desk.folder)).toEqual([]);
  });

  test("--keep leaves a folder in which everything can be run again", async () => {
    const desk = await newDesk();
    const made = await desk.bowline(["demo", "--keep", "play"]);
    expect(made.exitCode).toBe(0);
    expect(made.stdout).toContain("bowline demo --keep play\n");
    const play = join(desk.folder, "play");
    const store = openSecretStore(homeFolders({ BOWLINE_HOME: join(play, "home") }));
    const password = (await store.get("demo-git")).get("POLYAXON_GIT_CREDENTIALS")!.toString().split(":")[1]!;
    expect(password.length).toBeGreaterThan(15);
    expect(`${made.stdout}${made.stderr}`).not.toContain(password);
    const basic = Buffer.from(`demo:${password}`).toString("base64");
    expect([...(await filesWith(play, password)), ...(await filesWith(play, basic))]).toEqual([]);

    const serving = desk.start(["demo", "--keep", "play"]);
    await untilPrinted(serving, "until Ctrl-C");
    const env = { BOWLINE_HOME: join(play, "home"), BOWLINE_CONFIG: join(play, "bowline.yaml") };
    const words = ["run", "-f", join(play, "two-private.yaml"), "-o", "json"];
    const record = checkRunRecord(JSON.parse((await desk.bowline(words, { env })).stdout));
    expect(record.status).toBe("succeeded");
    for (const { connection, commit } of record.codeReferences) {
      const repository = join(play, "repositories", "team", `${connection}.git`);
      expect(commit).toBe(await git(repository, ["rev-parse", "main"]));
    }
    serving.kill("SIGINT");
    expect(await once(serving, "exit")).toEqual([0, null]);
    const dead = await desk.bowline(words, { env });
    expect(dead.exitCode).toBe(5);
  });

  test("never writes into a folder that it did not make", async () => {
    const desk = await newDesk();
    await desk.write("mine", "mine");
    const { exitCode, stderr } = await desk.bowline(["demo", "--keep", "mine"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("no demo made it");
    expect(await readFile(join(desk.folder, "mine"), "utf8")).toBe("mine");
    expect((await desk.bowline(["demo", "play"])).exitCode).toBe(2);
  });

  test("Ctrl-C ends it at once and leaves nothing", async () => {
    const desk = await newDesk();
    const child = desk.start(["demo", "--keep", "play"], { detached: true });
    await untilPrinted(child, "one-private.yaml");
    process.kill(-child.pid!, "SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
    expect(existsSync(join(desk.folder, "play"))).toBe(false);
    expect(await processesOf(desk.folder)).toEqual([]);
  });
});

function untilPrinted(child: ReturnType<Desk["start"]>, text: string): Promise<void> {
  let seen = "";
  return new Promise((resolve, reject) => {
    child.stdout!.on("data", (chunk) => {
      seen += String(chunk);
      if (seen.includes(text)) resolve();
    });
    child.stderr!.resume();
    child.once("exit", () => reject(new Error(`ended before "${text}": ${seen}`)));
  });
}

/** Files below a folder that hold a text. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found: string[] = [];
  for (const file of files) if ((await readFile(file)).includes(text)) found.push(file.slice(folder.length + 1));
  return found;
}

/** Command lines of processes that work in or on a folder; only Linux shows them. */
async function processesOf(folder: string): Promise<string[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const [line, environment] = await Promise.all(
        ["cmdline", "environ"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
      );
      return `${line}${environment}`.includes(folder) ? line!.replaceAll("\0", " ") : "";
    }),
  );
  return lines.filter((line) => line !== "");
}
