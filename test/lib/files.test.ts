import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createPrivateFile, makeFolder, withFileLock, writePrivateFile } from "../../src/lib/index.ts";
import { canDropRights, childScript, type ChildScript } from "../support/child-script.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bowline-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("private files", () => {
  test("a written file and the folders made for it are its owner's alone", async () => {
    const path = join(folder, "a", "b", "secret");
    await writePrivateFile(path, "one");
    await writePrivateFile(path, Buffer.from("two"));
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(folder, "a", "b"))).toEqual(["secret"]);
  });

  test("a file is created once, and the later ones leave nothing behind", async () => {
    const path = join(folder, "key");
    const made = await Promise.all(Array.from({ length: 20 }, (_, index) => createPrivateFile(path, `${index}`)));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(readFileSync(path, "utf8")).toBe(`${made.indexOf(true)}`);
    expect(readdirSync(folder)).toEqual(["key"]);
  });

  test("a write that fails leaves the old content and no leftover", async () => {
    const path = join(folder, "file");
    await writePrivateFile(path, "old");
    await expect(writePrivateFile(join(path, "below"), "new")).rejects.toMatchObject({ code: "DISK_NOT_WRITABLE" });
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

test("a folder that the system lets nobody make is an error, and so is a file in its place", async () => {
  await writePrivateFile(join(folder, "file"), "");
  for (const place of ["/proc/bowline/a", join(folder, "file"), join(folder, "file/a")])
    await expect(makeFolder(place)).rejects.toMatchObject({ code: "DISK_NOT_WRITABLE" });
  await makeFolder(join(folder, "a/b"));
  await makeFolder(join(folder, "a/b"));
  expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
});

test("folders in one another are made by several at once", async () => {
  for (let round = 0; round < 200; round += 1) {
    const top = join(folder, `${round}`);
    const places = ["a/b/c", "a/b", "a", "", "d/e", "a/f/g", "d"].map((path) => join(top, path));
    await Promise.all(places.map((place) => makeFolder(place)));
  }
});

describe("other processes", () => {
  let script: ChildScript;
  beforeAll(async () => {
    script = await childScript(`
      import { appendFileSync, readFileSync } from "node:fs";
      import { setTimeout as sleep } from "node:timers/promises";
      import { withFileLock, writePrivateFile } from "#src/lib/index.ts";
      const [what, lock, path] = args;
      try {
        if (what === "write") await writePrivateFile(path, "text");
        if (what === "count") {
          for (let turn = 0; turn < 20; turn++) {
            await withFileLock(lock, async () => {
              const before = Number(readFileSync(path, "utf8"));
              await sleep(1);
              await writePrivateFile(path, String(before + 1));
            });
          }
        }
        if (what === "hold") await withFileLock(lock, () => { process.stdout.write("held"); return sleep(60_000); });
        if (what !== "hold") print("done");
      } catch (error) {
        print(error.code);
      }
    `);
  });
  afterAll(() => script.remove());

  test("a lock keeps four processes from losing each other's writes", async () => {
    const path = join(folder, "count");
    await writePrivateFile(path, "0");
    await Promise.all([1, 2, 3, 4].map(() => script.run(["count", join(folder, "lock"), path])));
    expect(readFileSync(path, "utf8")).toBe("80");
  });

  test("a lock is gone with a holder that is killed", async () => {
    const lock = join(folder, "lock");
    const holder = spawn(process.execPath, [script.file, "hold", lock], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    await expect(withFileLock(lock, async () => 1, { patience: 1 })).rejects.toMatchObject({
      code: "DISK_NOT_WRITABLE",
    });
    holder.kill("SIGKILL");
    expect(await withFileLock(lock, async () => "free")).toBe("free");
  });

  test.runIf(canDropRights)(
    "a folder that is another user's cannot be written (needs root, to be somebody else)",
    async () => {
      chmodSync(folder, 0o755);
      expect(await script.run(["write", "", join(folder, "file")], { unprivileged: true })).toBe("DISK_NOT_WRITABLE");
      expect(existsSync(join(folder, "file"))).toBe(false);
    },
  );
});

describe("locks", () => {
  test("keep calls of one process apart", async () => {
    let inside = 0;
    const seen: number[] = [];
    const act = async () => {
      seen.push(++inside);
      await new Promise((done) => setTimeout(done, 5));
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, () => withFileLock(join(folder, "lock"), act)));
    expect(seen).toEqual(Array(8).fill(1));
  });

  test("are let go of after an error", async () => {
    const lock = join(folder, "lock");
    await expect(withFileLock(lock, () => Promise.reject(new Error("inner")))).rejects.toThrow("inner");
    expect(await withFileLock(lock, async () => "free", { patience: 1 })).toBe("free");
  });
});
