import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { roleManifest } from "../../../src/executors/kubernetes/rights.ts";

test("the Role of deploy/kubernetes is the one that doctor prints", () => {
  const file = fileURLToPath(new URL("../../../deploy/kubernetes/role.yaml", import.meta.url));
  const flat = (role: { rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[] }): string[] =>
    role.rules
      .flatMap(({ apiGroups, resources, verbs }) => verbs.map((verb) => `${apiGroups[0]}/${resources[0]} ${verb}`))
      .sort();
  expect(flat(parse(readFileSync(file, "utf8")) as never)).toEqual(flat(roleManifest("n") as never));
});
