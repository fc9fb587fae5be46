import { expect, test } from "vitest";
import { compileText } from "./compile-text.ts";

const NAMES = `version: 1.1
kind: component
run:
  kind: job
  init:
    - connection: repo-tst
      git: {revision: "a..b", flags: [--dept 1]}
  connections: [repo-tset]
  container:
    command: [ls, "{{ init['repo-tst'].path }}"]
`;
const WRONG_NAMES = [
  ["CONNECTION_NOT_FOUND", 6],
  ["GIT_REVISION_INVALID", 7],
  ["GIT_FLAG_INVALID", 7],
  ["GIT_FLAG_INVALID", 7],
  ["CONNECTION_NOT_FOUND", 8],
];

function told(text: string): unknown[] {
  return compileText(text).errors.map(({ code, place }) => [code, place?.line]);
}

test("a key that is unknown does not hide what else is wrong", () => {
  expect(told(NAMES.replace("command:", "comand:"))).toEqual([...WRONG_NAMES, ["FIELD_UNKNOWN", 10]]);
});

test("a param that is wrong does not hide what else is wrong", () => {
  expect(told(`${NAMES}inputs: [{name: lr, type: float}]\n`)).toEqual([...WRONG_NAMES, ["PARAM_INVALID", 11]]);
});

test("an init entry that is wrong hides neither templates nor names, and makes no error of what refers to it", () => {
  expect(told(NAMES.replace("[ls,", '["{{ absent }}",'))).toEqual([...WRONG_NAMES, ["TEMPLATE_INVALID", 10]]);
});

test("a key that is unknown does not hide inputs that are wrong, and makes no error of what may be its consequence", () => {
  const inputs =
    "inputs: [{name: lr, type: flaot}, {name: n, type: int, value: abc}, {name: m, type: int}]\nparms: {m: 3}\n";
  expect(told(`${NAMES.replace("command:", "comand:")}${inputs}`)).toEqual([
    ...WRONG_NAMES,
    ["FIELD_UNKNOWN", 10],
    ["PARAM_INVALID", 11],
    ["PARAM_INVALID", 11],
    ["FIELD_UNKNOWN", 12],
  ]);
});
