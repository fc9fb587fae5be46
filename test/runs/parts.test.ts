import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig, trustConfig } from "../../src/config/index.ts";
import { defaultParts } from "../../src/runs/parts.ts";
import { openSecretStore } from "../../src/secrets/index.ts";
import { temporaryFolder } from "../support/index.ts";

test("a config that came with somebody else's repository gets no secret for a container, until it is trusted", async () => {
  const folder = await temporaryFolder();
  const cwd = join(folder, "theirs");
  const env = { HOME: folder };
  mkdirSync(cwd);
  writeFileSync(join(cwd, "bowline.yaml"), "connections: [{name: c, kind: custom, secret: {name: mine}}]\n");
  const read = async () =>
    defaultParts({ config: await loadConfig({ cwd, env }), env } as never).secrets.read("secret", "mine");
  const config = await loadConfig({ cwd, env });
  await openSecretStore(config.home).set("mine", "KEY", Buffer.from("value"));
  await expect(read()).rejects.toMatchObject({ code: "CONFIG_UNTRUSTED" });
  await trustConfig(config.path!, config.home);
  expect((await read()).get("KEY")?.toString()).toBe("value");
});
