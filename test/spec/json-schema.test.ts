import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { polyaxonfileJsonSchema, readYaml } from "../../src/spec/index.ts";

const schema = polyaxonfileJsonSchema();

test("it is draft 2020-12, and every key is explained", () => {
  expect(schema["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
  const unexplained: string[] = [];
  let keys = 0;
  walk(schema, "#");
  expect(unexplained).toEqual([]);
  expect(keys).toBeGreaterThan(150);

  function walk(node: unknown, path: string): void {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === "properties") {
        for (const [name, property] of Object.entries(value as object)) {
          keys++;
          const described =
            (property as { description?: string }).description ??
            target(property as { $ref?: string; anyOf?: { $ref?: string }[] });
          if (!described) unexplained.push(`${path}/${name}`);
        }
      }
      walk(value, `${path}/${key}`);
    }
  }

  function target(property: { $ref?: string; anyOf?: { $ref?: string }[] }): string | undefined {
    const reference = property.$ref ?? property.anyOf?.[0]?.$ref;
    const name = reference?.split("/").at(-1);
    return name && ((schema["$defs"] as Record<string, { description?: string }>)[name]?.description as string);
  }
});

describe("what is read is valid in an editor too", () => {
  const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  const root = join(import.meta.dirname, "../../examples");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".yaml"));
  const polyaxonfiles = files.filter((name) =>
    /^(run|kind: (component|operation)|params|version|pathRef|isPreset):?/m.test(
      readFileSync(join(root, name), "utf8"),
    ),
  );
  test.each(polyaxonfiles.filter((name) => !/0[67]-.*printed|10-.*printed/.test(name)))("%s", (name) => {
    const source = readYaml(readFileSync(join(root, name), "utf8"), name);
    expect(validator.safeParse(source.value).error?.issues ?? []).toEqual([]);
  });
  test.each([
    "run: {kind: job, container: {args: [1, 2.0, yes]}}",
    'run: {kind: job, container: {args: "{{ params.as_args }}"}}',
    'run: {kind: service, replicas: "{{ n }}", ports: [1]}',
    "run: {kind: job, init: [{git: {url: x, revision: 1234567, tags: yes}}], container: }",
    "run: {kind: job, init: [{file: {content: x, chmod: 0600}}]}",
  ])("%s", (text) => expect(validator.safeParse(readYaml(text, "f").value).success).toBe(true));
  test.each([
    "run: {kind: job, conatiner: {}}",
    "run: {kind: job, init: [{connections: a}]}",
    "run: {kind: jobs}",
    "run: {kind: job}\nmatrix: {}",
  ])("not valid: %s", (text) => expect(validator.safeParse(readYaml(text, "f").value).success).toBe(false));
});
