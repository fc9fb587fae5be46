import { describe, expect, test } from "vitest";
import { configJsonSchema, loadConfig } from "../../src/config/index.ts";
import { configFolder } from "./config-folder.ts";

interface JsonSchema {
  $schema?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  description?: string;
  additionalProperties?: unknown;
  const?: unknown;
}

/** Every named key of the schema, with its path. */
function keysOf(schema: JsonSchema, path = ""): [string, JsonSchema][] {
  const below = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.items ? [schema.items] : [])];
  const named = Object.entries(schema.properties ?? {}).map(
    ([key, one]) => [`${path}.${key}`, one] as [string, JsonSchema],
  );
  return [...named, ...named.flatMap(([key, one]) => keysOf(one, key)), ...below.flatMap((one) => keysOf(one, path))];
}

describe("the JSON Schema of the config", () => {
  test("explains every key", async () => {
    const schema = (await configJsonSchema()) as JsonSchema;
    const keys = keysOf(schema);
    const unexplained = keys.filter(([, one]) => !one.description && one.const === undefined).map(([key]) => key);
    expect(unexplained).toEqual([]);
    expect(keys.length).toBeGreaterThan(50);
  });

  test("knows every part, and lets keys of other tools stand at the top", async () => {
    const schema = (await configJsonSchema()) as JsonSchema;
    expect(Object.keys(schema.properties!)).toEqual([
      "executor",
      "registry",
      "connections",
      "credentials",
      "init",
      "policy",
    ]);
    expect(schema.additionalProperties).toBe(true);
    expect(schema.$schema).toContain("json-schema.org");
    const connection = schema.properties!["connections"]!.items!.anyOf!;
    expect(connection).toHaveLength(2);
    expect(Object.keys(connection[0]!.properties!["schema"]!.properties!)).toEqual([
      "url",
      "revision",
      "flags",
      "provider",
      "auth",
      "username",
      "proxy",
    ]);
  });
});

describe("times and sizes", () => {
  const timeout = async (written: string) => {
    const { read } = await configFolder();
    return (await read(`policy: {timeouts: {stall: ${written}}}`)).policy.timeouts.stall;
  };
  const size = async (written: string) => {
    const { read } = await configFolder();
    return (await read(`policy: {maxBytes: ${written}}`)).policy.maxBytes;
  };

  test.each([
    ["10", 10_000],
    ["0.5", 500],
    ["'10'", 10_000],
    ["10s", 10_000],
    ["500ms", 500],
    ["2m", 120_000],
    ["1h30m", 5_400_000],
    ["1.5m", 90_000],
  ])("the time %s", async (written, milliseconds) => expect(await timeout(written)).toBe(milliseconds));

  test.each(["0", "-1", "1d", "s", "''", "10 s", "1e3s", ".inf", ".nan", "25d", "9999h", "[1]"])(
    "not the time %s",
    async (written) => expect(timeout(written)).rejects.toMatchObject({ code: expect.stringMatching(/^FIELD_/) }),
  );

  test.each([
    ["1000", 1000],
    ["500Mi", 524_288_000],
    ["2G", 2e9],
    ["1.5k", 1500],
    ["1Ki", 1024],
  ])("the size %s", async (written, bytes) => expect(await size(written)).toBe(bytes));

  test.each(["0", "-1", "5 Mi", "5MB", "1e400", "''", "99999999T"])("not the size %s", async (written) =>
    expect(size(written)).rejects.toMatchObject({ code: "FIELD_INVALID" }),
  );
});

test("JSON is read as well", async () => {
  const { write, folder, env } = await configFolder();
  const flag = write("c.json", '{"executor": "docker"}');
  expect((await loadConfig({ flag, cwd: folder, env })).executor).toEqual({ kind: "docker" });
});
