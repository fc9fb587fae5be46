import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeRepository, makeSshKey, noSshServer, startSshServer, temporaryFolder } from "../support/index.ts";
import { job, privateDesk, setSecret, writeConfig } from "./desk.ts";
import { filesWith, formsOfKey, until } from "./evidence.ts";

test.skipIf(noSshServer)(
  `an ssh key that a killed run left in a file is gone after the next command${noSshServer ? ` (skipped: ${noSshServer})` : ""}`,
  async () => {
    const desk = await privateDesk();
    const root = await temporaryFolder();
    await makeRepository(join(root, "org/test.git"));
    const key = await makeSshKey();
    const server = await startSshServer({ root, keys: [{ publicKey: key.publicKey }] });
    // Somebody else's folder of the same name is not ours to judge.
    await mkdir(join(desk.folder, "tmp", "bowline-unknown"));
    try {
      await writeConfig(desk, [{ url: `${server.url}/org/test`, secret: "deploy-key" }]);
      await setSecret(desk, "deploy-key", { "ssh-privatekey": key.privateKey, known_hosts: server.knownHosts });
      await desk.write("job.json", job("true"));
      const child = desk.start(["run", "-f", "job.json", "--config", "config.yaml"]);
      const forms = formsOfKey(key.privateKey);
      const keyFiles = (): string[] => filesWith(desk.folder, forms).map(({ path }) => path);
      expect(await until(() => keyFiles().length > 0)).toBe(true);
      child.kill("SIGKILL");
      await once(child, "exit");
      expect(keyFiles()).not.toEqual([]);
      expect((await desk.bowline(["ps"])).exitCode).toBe(0);
      expect(keyFiles()).toEqual([]);
      expect(filesWith(join(desk.folder, "tmp"), [""])).toEqual([]);
    } finally {
      await server.close();
    }
  },
);
