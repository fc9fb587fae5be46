import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { roleManifest } from "../../src/executors/kubernetes/rights.ts";

const BASE = new URL("../../deploy/kubernetes/", import.meta.url);

async function read(name: string): Promise<Record<string, unknown>> {
  return parse(await readFile(new URL(name, BASE), "utf8")) as Record<string, unknown>;
}

test("the Role that is deployed is the one that doctor prints", async () => {
  const role = await read("role.yaml");
  const { metadata: _, ...printed } = roleManifest("bowline") as { metadata: object };
  expect(role).toEqual({ ...printed, metadata: { name: "bowline" } });
});

test("the catalog that is deployed names the image of this version", async () => {
  const { version } = await read("../../package.json");
  expect(await read("bowline.yaml")).toMatchObject({ init: { image: `bowline:${String(version)}` } });
});
