import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { childScript } from "../support/child-script.ts";

const canMount = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
const noMount = canMount ? "" : " (skipped: nothing can be mounted here)";

test.skipIf(!canMount)(`where there is no /proc, nobody is taken for dead${noMount}`, async () => {
  const script = await childScript(`
    import { isAlive, isMarkAlive, ownIdentity, ownMark } from "#src/lib/index.ts";
    print([isAlive(ownIdentity()), isMarkAlive(ownMark())]);
  `);
  const command = 'mount -t tmpfs none /proc && exec "$0" "$1"';
  const said = execFileSync("unshare", ["-m", "sh", "-c", command, process.execPath, script.file]);
  expect(JSON.parse(said.toString())).toEqual([true, true]);
  script.remove();
});
