import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderTemplate } from "../../src/compile/template.ts";

const CONTEXT = {
  lr: 0.1,
  name: "a b",
  nothing: null,
  list: ["x", "y"],
  map: { a: { b: 1 } },
  evil: "{{ lr }} {% raw %}",
  globals: { uuid: "u", artifacts_path: "/a" },
  params: { lr: { value: 0.1, as_arg: "--lr=0.1" }, as_args: ["--lr=0.1"] },
  connections: { "repo-test": { url: "https://x/y" }, "a.b": { url: "z" } },
};

describe("values", () => {
  test.each<[string, object]>([
    ["{{ lr }}", { kind: "value", value: 0.1, path: "lr" }],
    ["{{ params.lr }}", { kind: "value", value: 0.1, path: "params.lr.value" }],
    ["{{ list }}", { kind: "value", value: ["x", "y"], path: "list" }],
    ["--lr={{ lr }}!", { kind: "text", text: "--lr=0.1!" }],
    ["{{ connections['repo-test'].url }}", { kind: "value", value: "https://x/y" }],
    ["{{ connections.repo-test.url }}", { kind: "value", value: "https://x/y" }],
    ["{{ connections['a.b'].url }}", { kind: "value", value: "z" }],
    ["{{ nothing | default: 'd' }}", { kind: "value", value: "d" }],
    ["{{ list | join: ',' }}", { kind: "value", value: "x,y" }],
    ["m={{ map }}", { kind: "text", text: 'm={"a":{"b":1}}' }],
    ["{{ evil }}", { kind: "value", value: "{{ lr }} {% raw %}" }],
    ["<{{ evil }}>", { kind: "text", text: "<{{ lr }} {% raw %}>" }],
    ["{{ '{{' }} x }}", { kind: "text", text: "{{ x }}" }],
    ["no template", { kind: "text", text: "no template" }],
  ])("%s", (text, expected) => expect(renderTemplate(text, CONTEXT)).toMatchObject(expected));
});

describe("nothing else can be reached or done", () => {
  test.each([
    "{{ nope }}",
    "{{ globals.nope }}",
    "{{ lr.constructor }}",
    "{{ name.constructor }}",
    "{{ list.constructor }}",
    "{{ map.constructor }}",
    "{{ map['__proto__'] }}",
    "{{ map.__proto__.polluted }}",
    "{{ map.toString }}",
    "{{ constructor }}",
    "{{ list.map }}",
    "{{ lr | nope }}",
    "{{ lr | date: 'now' }}",
    "{{ (1..1000000000) }}",
    "{{ list | join: (1..9) }}",
    "{{ lr + 1 }}",
    "{{ lr == 1 }}",
    "{{ lr, name }}",
    "{{ lr | default('x') }}",
    "{{ lr",
    "{{ }}",
    "{% include 'x' %}",
    "{% for i in (1..9) %}{% endfor %}",
  ])("%s", (text) => {
    const result = renderTemplate(text, CONTEXT);
    expect(result).toMatchObject({ kind: "fault", fault: { message: expect.any(String), hint: expect.any(String) } });
  });

  test("what filters make is bounded", () => {
    const grow = " | append: x | replace: 'a', x".repeat(20);
    expect(renderTemplate(`{{ x${grow} }}`, { x: "a".repeat(1000) })).toMatchObject({ kind: "fault" });
  });

  test("any expression gives plain data or a fault", () => {
    const part = fc.constantFrom(
      "constructor",
      "__proto__",
      "prototype",
      "toString",
      "valueOf",
      "map",
      "list",
      "a",
      "b",
      "lr",
      "globals",
      "size",
      "first",
      "call",
      "0",
      "'x'",
      "join",
      "default:",
      "json",
      "upper",
      "replace:",
      ".",
      "[",
      "]",
      "|",
      ",",
      " ",
      "(",
      ")",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
        const result = renderTemplate(`{{ ${parts.join("")} }}`, CONTEXT);
        if (result.kind === "value") expect(structuredClone(result.value)).toEqual(result.value);
      }),
      { numRuns: 3000 },
    );
  });
});
