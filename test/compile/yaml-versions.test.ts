import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codesOf, planOf, planOfRun } from "./compile-text.ts";

/** What YAML 1.1, and so Polyaxon, makes of a plain text; where a text is asked for it stays as written here. */
const TEXTS: [string, string][] = [
  ["1234567", "the number 1234567"],
  ["1e5", 'the text "1e5"'],
  ["0x1F", "the number 31"],
  ["1_000", "the number 1000"],
  ["0123", "the number 83"],
  ["12:30", "the number 750"],
  ["1.10", "the number 1.1"],
  ["2023-01-01", "a date"],
  ["yes", "true"],
  ["off", "false"],
];

test.each(TEXTS)("%s stays as written where a text is asked for (YAML 1.1: %s)", (text) => {
  const plan = planOfRun(`init: [{file: {content: ${text}, filename: ${text.replace(":", "-")}}}]`);
  expect(plan.init[0]).toMatchObject({ content: text });
  expect(
    planOf(`run: {kind: job, container: {command: [x, ${text}], env: [{name: A, value: ${text}}]}}`).main,
  ).toMatchObject({
    command: ["x", text],
    env: [{ name: "A", value: text }],
  });
});

test.each(["1234567", "1e5", "0x1F", "1_000", "2023-01-01", "yes", "1.10"])(
  "a bare revision %s is the text",
  (revision) => {
    expect(planOfRun(`init: [{connection: repo-test, git: {revision: ${revision}}}]`).init[0]).toMatchObject({
      revision,
    });
  },
);

test("every reading of the table is in the docs", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/polyaxon-yaml.md"), "utf8");
  for (const [text] of TEXTS) expect(page).toContain(`\`${text}\``);
});

test("yes and no are booleans where a boolean is asked for, and nowhere else", () => {
  expect(planOfRun("init: [{connection: repo-test, git: {tags: yes, lfs: Off}}]").init[0]).toMatchObject({
    options: { tags: true, lfs: false },
  });
});

test.each([
  ["0600", 0o600],
  ["0o755", 0o755],
  ["755", 0o755],
  ['"+x"', 0o755],
])("the file mode %s", (chmod, mode) => {
  expect(planOfRun(`init: [{file: {content: x, chmod: ${chmod}}}]`).init[0]).toMatchObject({ mode });
});

test("a number with a leading zero is refused where a number is asked for", () => {
  expect(codesOf("termination: {timeout: 0100}\nrun: {kind: job, container: {command: [x]}}")).toEqual([
    "FIELD_INVALID 1:24",
  ]);
});

test("anchors and merges", () => {
  const plan = planOf("run:\n  kind: job\n  container: &c {command: [x], image: a}\n  sidecars: [{<<: *c, image: b}]");
  expect(plan.sidecars[0]).toMatchObject({ command: ["x"], image: "b" });
});
