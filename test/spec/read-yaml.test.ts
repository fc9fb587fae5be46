import { describe, expect, test } from "vitest";
import { readYaml } from "../../src/spec/index.ts";

function codes(text: string): string[] {
  return readYaml(text, "f.yaml").problems.map((one) => `${one.code} ${one.place?.line}:${one.place?.column}`);
}

describe("values", () => {
  test.each<[string, unknown]>([
    ["a: 1", { a: 1 }],
    ["a: yes", { a: "yes" }],
    ["a: 0600", { a: "0600" }],
    ["a: 0o600", { a: 384 }],
    ["a: 0x1F", { a: 31 }],
    ["a: 1_000", { a: "1_000" }],
    ["a: 12:30:45", { a: "12:30:45" }],
    ["a: 2023-01-01", { a: "2023-01-01" }],
    ["a: 1e5", { a: 100000 }],
    ["a: ~", { a: null }],
    ["a:", { a: null }],
    ["a: .inf", { a: ".inf" }],
    ["a: !!str 12", { a: "12" }],
    ["1: x", { "1": "x" }],
    ["on: x", { on: "x" }],
    ['{"a": [1, "b", null, true]}', { a: [1, "b", null, true] }],
    ["a: 1\n...\n", { a: 1 }],
    ["x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}", { x: { a: 1, b: 2 }, y: { a: 1, b: 3 } }],
    ["x: &x {a: 1}\nz: &z {a: 2, c: 3}\ny:\n  <<: [*x, *z]", { x: { a: 1 }, z: { a: 2, c: 3 }, y: { a: 1, c: 3 } }],
    ["a: &n 1\nb: *n", { a: 1, b: 1 }],
    ["\ufeffa: 1", { a: 1 }],
    ["a: |\n  x\n  y\n", { a: "x\ny\n" }],
    ["", undefined],
    ["# nothing\n", undefined],
  ])("%j", (text, value) => {
    const source = readYaml(text, "f.yaml");
    expect(source.problems).toEqual([]);
    expect(source.value).toEqual(value);
  });
});

describe("problems and their places", () => {
  test.each<[string, string[]]>([
    ["a: 1\nb: 2\na: 3", ["FIELD_DUPLICATE 3:1"]],
    ["a: {b: 1, b: 2}\nc: 1\nc: 2", ["FIELD_DUPLICATE 1:11", "FIELD_DUPLICATE 3:1"]],
    ["a: *b", ["YAML_INVALID 1:4"]],
    ["a: &a [*a]", ["YAML_INVALID 1:8"]],
    ["a: {{ x }}", ["YAML_INVALID 1:5"]],
    ["__proto__: 1", ["FIELD_UNKNOWN 1:1"]],
    ["a: 1\n---\nb: 2", ["YAML_INVALID 2:1"]],
    ["a: !foo b", ["YAML_INVALID 1:4"]],
    ["<<: 1", ["YAML_INVALID 1:1"]],
    ["a: b: c", ["YAML_INVALID 1:4"]],
    ["[a: 1\nb: 2", ["YAML_INVALID 1:5"]],
  ])("%j", (text, expected) => expect(codes(text)).toEqual(expected));

  test("the `...` of a printed example is told as such", () => {
    const [problem] = readYaml("connections:\n  ...\n  - name: a\n", "f.yaml").problems;
    expect(problem).toMatchObject({
      code: "YAML_INVALID",
      place: { line: 2 },
      message: expect.stringContaining("`...`"),
    });
  });
});

describe("sizes", () => {
  test("200,000 keys (a duplicate check that is quadratic would end in the test's time limit)", () => {
    const text = Array.from({ length: 200_000 }, (_, index) => `key${index}: value`).join("\n");
    expect(Object.keys(readYaml(text, "f.yaml").value as object)).toHaveLength(200_000);
  });

  test.each([
    ["flow lists", "[".repeat(50_000)],
    ["flow maps", "{a: ".repeat(50_000)],
    ["block lists", `${"- ".repeat(50_000)}a`],
    ["keys of keys", "? ".repeat(10_000)],
    ["indented maps", Array.from({ length: 500 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
  ])("deep nesting is refused with a place: %s", (_, text) => {
    expect(codes(text)).toEqual([expect.stringMatching(/^YAML_INVALID \d+:\d+$/)]);
  });

  test("alias bombs are refused with a place", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 20; level++) lines.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(10)}]`);
    expect(codes(lines.join("\n"))).toEqual(["YAML_INVALID 5:25"]);
    const wide = `x: &x {${Array.from({ length: 2000 }, (_, i) => `k${i}: 1`).join(", ")}}\n`;
    expect(codes(wide + Array.from({ length: 2000 }, (_, i) => `m${i}: {<<: *x}`).join("\n"))[0]).toMatch(
      /^YAML_INVALID/,
    );
  });
});

test("places: keys, values, list entries, empty values, absent keys, aliases", () => {
  const source = readYaml("run:\n  init:\n    - connection: x\n      git: {revision: 1}\n  container:\n", "f.yaml");
  const at = (path: PropertyKey[], part?: "key" | "value"): string => {
    const place = source.place(path, part);
    return `${place?.line}:${place?.column}`;
  };
  expect(at(["run", "init", 0, "git", "revision"])).toBe("4:23");
  expect(at(["run", "init", 0, "git", "revision"], "key")).toBe("4:13");
  expect(at(["run", "init", 0])).toBe("3:7");
  expect(at(["run", "container"])).toBe("5:3");
  expect(at(["run", "nothing", "here"])).toBe("1:1");
});
