import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codeFrame } from "../../src/spec/index.ts";
import { dump, nearlyRight, tree, word } from "./arbitrary-files.ts";
import { compileText, type TextOptions } from "./compile-text.ts";

const PAGE = join(import.meta.dirname, "../../examples");
const SEEDS = readdirSync(PAGE, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => readFileSync(join(PAGE, name), "utf8"));

/** A plan that can be stored, or errors that all have their code, message, hint and place. */
function holds(text: string, options: TextOptions = {}): void {
  const { plan, errors, warnings } = compileText(text, options);
  expect(Boolean(plan)).toBe(errors.length === 0);
  if (plan) expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  const lines = text.split("\n");
  for (const problem of [...errors, ...warnings]) {
    expect(problem.code).toMatch(/^[A-Z_0-9]+$/);
    expect(problem.message.length).toBeGreaterThan(5);
    expect(problem.hint.length).toBeGreaterThan(3);
    const { place } = problem;
    if (!place) throw new Error(`no place: ${JSON.stringify(problem)}`);
    if (place.file !== "job.yaml") continue;
    expect(place.line).toBeGreaterThanOrEqual(1);
    expect(place.line).toBeLessThanOrEqual(lines.length);
    expect(place.column).toBeGreaterThanOrEqual(1);
    expect(place.column).toBeLessThanOrEqual((lines[place.line - 1]?.length ?? 0) + 1);
    expect(codeFrame(text, place)).toContain("^");
  }
}

describe("any text gives a plan or errors with places, never an exception", () => {
  test("any string", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: "binary", maxLength: 100 })), (text) =>
        holds(text),
      ),
      { numRuns: 600 },
    );
  });

  test("words of YAML and of polyaxonfiles in any order", () => {
    const text = fc.array(
      fc.oneof(
        word,
        fc.constantFrom(
          "\n",
          "\n  ",
          "\n    ",
          "\n  - ",
          ": ",
          ":",
          ", ",
          "[",
          "]",
          "{",
          "}",
          '"',
          "'",
          "#",
          "|",
          ">",
          "\t",
          "\r\n",
        ),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(text, (parts) => holds(parts.join(""))),
      { numRuns: 1500 },
    );
  });

  test("any structure", () => {
    fc.assert(
      fc.property(tree, (value) => holds(dump(value))),
      { numRuns: 800 },
    );
  });

  test("files that are nearly right", () => {
    fc.assert(
      fc.property(nearlyRight, (value) => holds(dump(value), { references: { "/code": "run: {kind: job}" } })),
      { numRuns: 1500 },
    );
  });

  test("changed examples", () => {
    const change = fc.record({
      at: fc.nat(),
      remove: fc.nat({ max: 20 }),
      insert: fc.oneof(word, fc.constantFrom("\n", ": ", "- ", "  ", "{", "]", "'", "{{ x }}")),
    });
    fc.assert(
      fc.property(fc.constantFrom(...SEEDS), fc.array(change, { minLength: 1, maxLength: 4 }), (seed, changes) => {
        let text = seed;
        for (const { at, remove, insert } of changes) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + insert + text.slice(from + remove);
        }
        holds(text, { command: ["x"] });
      }),
      { numRuns: 2500 },
    );
  });

  test.each([
    "run: '{{ x }}'",
    "component: '{{ x }}'\nkind: operation",
    "component: {run: '{{ x }}'}\nkind: operation",
  ])("a template in the place of what is to be run: %s", (text) => {
    holds(text);
    expect(compileText(text).errors).toMatchObject([{ code: "FIELD_INVALID", place: { line: 1 } }]);
  });

  test("any preset, git preset and params from the command line", () => {
    const main =
      "inputs: [{name: x, type: any, isOptional: true}]\nrun: {kind: job, init: [{connection: repo1}], container: {command: ['{{ x }}']}}";
    fc.assert(
      fc.property(tree, tree, word, (preset, gitPreset, value) => {
        const options = {
          presets: [dump(preset)],
          gitPreset: { name: "polyaxongit.yaml", text: dump(gitPreset) },
          params: { x: value },
        };
        const { plan, errors } = compileText(main, options);
        expect(Boolean(plan)).toBe(errors.length === 0);
      }),
      { numRuns: 800 },
    );
  });
});
