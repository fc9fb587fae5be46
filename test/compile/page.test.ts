import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileText } from "./compile-text.ts";

const PAGE = join(import.meta.dirname, "../../examples/page");
const OPTIONS = { history: 1, tags: false, submodules: false, lfs: false, sparse: [] };
const STEP = {
  kind: "git",
  name: "repo-test",
  connection: "repo-test",
  url: "https://gitlab.com/org/test",
  urlOverridden: false,
  options: OPTIONS,
  path: "/plx-context/artifacts/repo-test",
};
const QUICK_START = {
  ...STEP,
  name: "polyaxon-quick-start",
  connection: "polyaxon-quick-start",
  url: "https://github.com/polyaxon/polyaxon-quick-start",
  path: "/plx-context/artifacts/polyaxon-quick-start",
};

interface Expected {
  kind?: "job" | "service";
  init: object[];
  main?: object;
  warnings?: string[];
  /** Where CONTAINER_MISSING is told when no command is given; absent when the block has one. */
  missing?: string;
}

describe("blocks that run, as printed", () => {
  test.each<[string, Expected]>([
    ["03-init-param", { init: [{ ...STEP, place: place(2, 3) }], warnings: ["RUN_MISSING 1:1"], missing: "2:3" }],
    [
      "04-init-container",
      {
        kind: "service",
        init: [
          {
            ...STEP,
            name: "my-own-container",
            place: place(4, 19),
            handler: {
              name: "my-own-container",
              image: "alpine/git",
              env: [],
              connections: ["repo-test"],
              rest: {},
              place: place(5, 18),
            },
          },
        ],
        missing: "6:3",
      },
    ],
    ["05-branch-or-commit", { init: [{ ...STEP, revision: "branchA", place: place(5, 23) }], missing: "6:3" }],
    [
      "06-url-override",
      {
        init: [{ ...STEP, url: "https://new.com", urlOverridden: true, place: place(5, 18) }],
        warnings: ["PARAMS_FOR_RUN 1:1", "URL_OUTSIDE_SCOPE 5:18"],
        missing: "2:3",
      },
    ],
    [
      "07-flags",
      {
        init: [{ ...STEP, options: { ...OPTIONS, submodules: true }, place: place(4, 19) }],
        warnings: ["PARAMS_FOR_RUN 1:1"],
        missing: "2:3",
      },
    ],
    ["08-main-container", { kind: "service", init: [], main: { connections: ["repo-test"] }, missing: "4:3" }],
    [
      "10-experiment",
      {
        init: [{ ...QUICK_START, revision: "62b264813aaf5cba3a81919c623ea55c3f79698f", place: place(5, 11) }],
        main: {
          image: "tensorflow/tensorflow:1.4.1-py3",
          command: ["python3", "model.py"],
          workingDir: QUICK_START.path,
        },
        warnings: ["KIND_EXPERIMENT 1:7"],
      },
    ],
  ])("%s", (block, { kind = "job", init, main = {}, warnings = [], missing }) => {
    const text = printed(block);
    const command = missing === undefined ? {} : { command: ["ls", "-l"] };
    const result = compileText(text, command);
    expect(result.errors).toEqual([]);
    expect(result.plan).toMatchObject({ kind, main: { name: "main", ...command, ...main } });
    expect(result.plan?.init).toEqual(init);
    expect(shown(result.warnings)).toEqual(warnings);

    if (missing === undefined) return;
    expect(shown(compileText(text).errors)).toEqual([`CONTAINER_MISSING ${missing}`]);
    const checked = compileText(text, { requireCommand: false });
    expect(checked.errors).toEqual([]);
    expect(shown(checked.warnings)).toContain(`CONTAINER_MISSING ${missing}`);
  });
});

describe("blocks that belong into a config are told so", () => {
  test.each([
    ["01-url", "FIELD_INVALID 3:1"],
    ["02-connection", "FIELD_INVALID 3:1"],
    ["09-public-repository", "FIELD_INVALID 1:1"],
    ["11-private-repositories", "FIELD_INVALID 1:1"],
  ])("%s", (block, problem) => expect(shown(compileText(printed(block)).errors)).toEqual([problem]));
});

function printed(block: string): string {
  return readFileSync(join(PAGE, block, "printed.yaml"), "utf8");
}

function place(line: number, column: number): object {
  return { file: "job.yaml", line, column };
}

function shown(problems: readonly { code: string; place?: { line: number; column: number } }[]): string[] {
  return problems.map(({ code, place: at }) => `${code} ${at?.line}:${at?.column}`);
}
