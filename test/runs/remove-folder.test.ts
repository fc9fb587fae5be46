import { chmod, chown, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { canDropRights, childScript } from "../support/child-script.ts";
import { temporaryFolder } from "../support/index.ts";

const REMOVE = `import { removeFolder } from "#src/runs/remove-folder.ts";
print(await removeFolder(args[0]).then(() => "removed", ({ code, message, hint }) => ({ code, message, hint })));`;

test.skipIf(!canDropRights)(
  `what a container wrote as somebody else is told with its place and its owner${canDropRights ? "" : " (skipped: needs root)"}`,
  async () => {
    const folder = await temporaryFolder();
    const run = join(folder, "run");
    const others = join(run, "artifacts", "of-root");
    await mkdir(others, { recursive: true });
    await writeFile(join(others, "file"), "");
    for (const path of [folder, run, join(run, "artifacts")]) await chown(path, 65_534, 65_534);
    await chmod(folder, 0o755);
    const script = await childScript(REMOVE);
    try {
      const told = await script.run([run], { unprivileged: true });
      expect(told).toMatchObject({ code: "DISK_NOT_WRITABLE" });
      const { message, hint } = told as { message: string; hint: string };
      expect(message).toContain(`"${others}" belongs to the user 0`);
      expect(hint).toContain(`sudo rm -rf "${run}"`);
      await rm(others, { recursive: true });
      expect(await script.run([run], { unprivileged: true })).toBe("removed");
      await expect(stat(run)).rejects.toThrow("ENOENT");
    } finally {
      script.remove();
    }
  },
);
