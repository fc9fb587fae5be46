import { describe, expect, test } from "vitest";
import * as z from "zod";
import { checkShape, readYaml } from "../../src/spec/index.ts";

const schema = z.strictObject({
  name: z.string(),
  count: z.int().min(1).optional(),
  on: z.boolean().optional(),
  list: z.array(z.string()).optional(),
  map: z.record(z.string(), z.string()).optional(),
  either: z.union([z.string(), z.strictObject({ a: z.string(), b: z.number().optional() })]).optional(),
  kind: z.enum(["job", "service"]).optional(),
});

function check(text: string): { value?: unknown; problems: unknown[] } {
  const { value, problems } = checkShape(schema, readYaml(text, "f.yaml"));
  if (value !== undefined) return { value, problems };
  return {
    problems: problems.map((one) => [one.code, `${one.place?.line}:${one.place?.column}`, one.message, one.hint]),
  };
}

describe("what is written is what is meant", () => {
  test.each<[string, unknown]>([
    ["name: 1e5", { name: "1e5" }],
    ["name: 1234567", { name: "1234567" }],
    ["name: 0x1F", { name: "0x1F" }],
    ["name: 1_000", { name: "1_000" }],
    ["name: 12:30", { name: "12:30" }],
    ["name: 1.10", { name: "1.10" }],
    ["name: 2023-01-01", { name: "2023-01-01" }],
    ["name: yes", { name: "yes" }],
    ["name: true", { name: "true" }],
    ["name: 12345678901234567890", { name: "12345678901234567890" }],
    ["name: a\non: yes", { name: "a", on: true }],
    ["name: a\non: Off", { name: "a", on: false }],
    ["name: a\ncount: 1_000", { name: "a", count: 1000 }],
    ["name: a\ncount:\n", { name: "a" }],
    ["name: a\nlist: [1, 2.0, no, x]", { name: "a", list: ["1", "2.0", "no", "x"] }],
    ["name: a\nmap: {a: 1, b: true}", { name: "a", map: { a: "1", b: "true" } }],
    ["name: a\neither: 5", { name: "a", either: "5" }],
    ["name: a\neither: {a: 1e3, b: 2}", { name: "a", either: { a: "1e3", b: 2 } }],
  ])("%j", (text, value) => expect(check(text)).toEqual({ value, problems: [] }));
});

describe("problems", () => {
  test.each<[string, unknown[]]>([
    [
      "nam: a",
      [
        ["FIELD_MISSING", "1:1", '"name" is missing', "write `name: text`"],
        ["FIELD_UNKNOWN", "1:1", 'unknown key "nam"', 'did you mean "name"?'],
      ],
    ],
    ["name:", [["FIELD_MISSING", "1:1", '"name" has no value', "write `name: text`"]]],
    [
      "name: [a]",
      [["FIELD_INVALID", "1:7", '"name" must be a text, and is a list', "leave out the brackets or the `- `"]],
    ],
    [
      "name: a\ncount: '3'",
      [
        [
          "FIELD_INVALID",
          "2:8",
          '"count" must be a number, and is the text "3"',
          "leave out the quotes, if that is what it is",
        ],
      ],
    ],
    [
      "name: a\ncount: 010",
      [
        [
          "FIELD_INVALID",
          "2:8",
          '"count" must be a number, and is the text "010"',
          "a leading zero is octal to some readers: write 10, or 0o10 for an octal one",
        ],
      ],
    ],
    ["name: a\ncount: 0", [["FIELD_INVALID", "2:8", '"count" is too small', "write at least 1"]]],
    [
      "name: a\nlist: b",
      [["FIELD_INVALID", "2:7", '"list" must be a list, and is the text "b"', "write a list: `list: [b]`"]],
    ],
    ["name: a\nkind: jobs", [["FIELD_INVALID", "2:7", '"kind" cannot be "jobs"', 'did you mean "job"?']]],
    ["name: a\neither: {a: b, c: d}", [["FIELD_UNKNOWN", "2:16", 'unknown key "c" in "either"', "known here: a, b"]]],
    [
      "name: a\neither: [b]",
      [
        [
          "FIELD_INVALID",
          "2:9",
          '"either" must be a text or a map, and is a list',
          "leave out the brackets or the `- `",
        ],
      ],
    ],
    [
      "- name: a",
      [["FIELD_INVALID", "1:1", "the file must be a map, and is a list", "leave out the `- ` in front of the keys"]],
    ],
    ["", [["FIELD_MISSING", "1:1", "the file is empty", "write something into it"]]],
  ])("%j", (text, problems) => expect(check(text)).toEqual({ problems }));
});
