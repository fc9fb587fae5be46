import { expect, test } from "vitest";
import { codeFrame } from "../../src/spec/index.ts";

test("a code frame shows the lines around a place, and stars for the user info of a url", () => {
  const text = 'a: 1\nurl: "https://ada:p@ss/w#rd@git.example/org/repo"\nb: 2\nc: 3\n';
  expect(codeFrame(text, { file: "f", line: 2, column: 6 })).toBe(
    ["  1 | a: 1", '> 2 | url: "https://*************@git.example/org/repo"', "    |      ^", "  3 | b: 2"].join("\n"),
  );
});

test("stars for a text where a secret's name is asked for, and none for the name", () => {
  const text = "- {name: a, secret: glpat-s3cr3t, x: {secret: {name: s}}}";
  expect(codeFrame(text, { file: "f", line: 1, column: 1 })).toContain(
    "- {name: a, secret: ************, x: {secret: {name: s}}}",
  );
});

test.each(["kind: Secret\nstringData: {a: s3cr3t}\n", "-----BEGIN OPENSSH PRIVATE KEY-----\ns3cr3t\n"])(
  "nothing is shown of what is a secret as a whole",
  (text) => expect(codeFrame(text, { file: "f", line: 2, column: 1 })).toBe(""),
);
