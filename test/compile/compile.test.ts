import { describe, expect, test } from "vitest";
import { codesOf, compileText, CONTEXT, planOf, planOfRun } from "./compile-text.ts";

describe("places of repositories", () => {
  test.each<[string, string, string]>([
    ["the connection's name", "{connection: Repo.Two}", "/plx-context/artifacts/Repo.Two"],
    ["below a path", "{connection: repo1, path: /code}", "/code/repo1"],
    ["below a relative path", "{connection: repo1, path: code/}", "/plx-context/artifacts/code/repo1"],
    ["the repository's name", "{git: {url: 'https://h.invalid/o/my.repo.git'}}", "/plx-context/artifacts/my.repo"],
  ])("%s", (_, entry, path) => expect(planOfRun(`init: [${entry}]`).init[0]).toMatchObject({ path }));

  test.each([
    ["/code", "/runs/1/code/repo1"],
    ["/plx-context/artifacts/x", "/runs/1/artifacts/x/repo1"],
    ["'{{ globals.artifacts_path }}/x'", "/runs/1/artifacts/x/repo1"],
  ])("a run with a folder of its own has %s below it", (path, expected) => {
    const context = { ...CONTEXT, contextPath: "/runs/1", artifactsPath: "/runs/1/artifacts" };
    expect(planOfRun(`init: [{connection: repo1, path: ${path}}]`, { context }).init[0]).toMatchObject({
      path: expected,
    });
  });

  test("the working directory is the one repository; a relative one is inside it", () => {
    expect(planOfRun("init: [{connection: repo1}]").main.workingDir).toBe("/plx-context/artifacts/repo1");
    expect(planOfRun("init: [{connection: repo1}, {connection: repo2}]").main.workingDir).toBeUndefined();
    const text = "run: {kind: job, init: [{connection: repo1}], container: {command: [x], workingDir: src}}";
    expect(planOf(text).main.workingDir).toBe("/plx-context/artifacts/repo1/src");
  });

  test("templates know where a repository is, in the init containers too", () => {
    const plan = planOf(
      "run: {kind: job, init: [{connection: repo1, git: {revision: dev}}, {container: {command: [ls, \"{{ init['repo1'].path }}\"]}}], container: {command: ['{{ init.repo1.revision }}']}}",
    );
    expect(plan.init[1]).toMatchObject({
      kind: "container",
      container: { command: ["ls", "/plx-context/artifacts/repo1"] },
    });
    expect(plan.main.command).toEqual(["dev"]);
  });
});

describe("git options", () => {
  test.each<[string, object]>([
    ["{connection: pinned}", { revision: "v1", options: { history: 5, tags: true } }],
    ["{connection: pinned, git: {flags: [--no-tags]}}", { revision: "v1", options: { history: 1, tags: false } }],
    [
      "{connection: pinned, git: {history: full, revision: dev}}",
      { revision: "dev", options: { history: "full", tags: true } },
    ],
    [
      "{connection: repo1, git: {flags: [--depth=3, -b dev], history: 7}}",
      { revision: "dev", options: { history: 7 } },
    ],
    [
      "{connection: repo1, git: {submodules: [lib], sparse: [src], lfs: true}}",
      { options: { submodules: ["lib"], sparse: ["src"], lfs: true } },
    ],
  ])("%s", (entry, expected) => expect(planOfRun(`init: [${entry}]`).init[0]).toMatchObject(expected));
});

describe("params", () => {
  const file = (input: string, args: string): string =>
    `inputs: [${input}]\nrun: {kind: job, container: {command: [x], args: ${args}}}`;
  test.each<[string, string, Record<string, string>, string[]]>([
    [
      "a number keeps how it was written",
      file("{name: lr, value: 1e5}", "['{{ lr }}', 'lr={{ lr }}']"),
      {},
      ["1e5", "lr=1e5"],
    ],
    ["a text is never a number", file("{name: v, type: str}", "['{{ v }}']"), { v: "0123" }, ["0123"]],
    [
      "a value is no template",
      file("{name: v, type: str}", "['{{ v }}']"),
      { v: "{{ globals.uuid }}" },
      ["{{ globals.uuid }}"],
    ],
    [
      "as_args",
      file(
        "{name: a, type: int}, {name: b, type: bool, isFlag: true}, {name: c, isOptional: true}",
        "['{{ params.as_args }}']",
      ),
      { a: "1", b: "yes" },
      ["--a=1", "--b"],
    ],
    [
      "a flag that is off is no argument",
      file("{name: b, type: bool, isFlag: true}", "['{{ params.b.as_arg }}', y]"),
      { b: "no" },
      ["y"],
    ],
    [
      "argFormat",
      file("{name: a, type: int, argFormat: '-a {{ a }}'}", "['{{ params.a.as_arg }}']"),
      { a: "3" },
      ["-a 3"],
    ],
    ["lists", file("{name: l, type: int, isList: true}", "['{{ l | join: \",\" }}']"), { l: "[1, 2]" }, ["1,2"]],
  ])("%s", (_, text, params, args) => expect(planOf(text, { params }).main.args).toEqual(args));

  test.each([
    ["int", "1.5"],
    ["float", "x"],
    ["bool", "maybe"],
    ["date", "2026-02-30"],
    ["uuid", "1"],
    ["dict", "x"],
    ["git", "{branch: x}"],
  ])("%s is not %s", (type, value) =>
    expect(codesOf(file(`{name: v, type: ${type}}`, "[]"), { params: { v: value } })).toEqual(["PARAM_INVALID"]),
  );

  test("toEnv and toInit", () => {
    const plan = planOf(
      "inputs: [{name: code, type: git, connection: repo1, toInit: true}, {name: m, value: 1_0, toEnv: M}]\nrun: {kind: job, container: {command: [x]}}",
      {
        params: { code: '{"revision": "dev"}' },
      },
    );
    expect(plan.init).toMatchObject([{ connection: "repo1", revision: "dev" }]);
    expect(plan.init[0]).not.toHaveProperty("place");
    expect(plan.main.env).toEqual([{ name: "M", value: "1_0" }]);
  });
});

describe("presets", () => {
  const base = "run: {kind: job, container: {command: [x], image: a, env: [{name: A, value: 1}]}}";
  test.each<[string, object]>([
    ["replace", { image: "b", env: [{ name: "B", value: "2" }] }],
    ["isnull", { command: ["x"], image: "a", env: [{ name: "A", value: "1" }] }],
    ["post_merge", { command: ["x"], image: "b", env: [{ name: "A" }, { name: "B" }] }],
    ["pre_merge", { command: ["x"], image: "a", env: [{ name: "B" }, { name: "A" }] }],
  ])("%s", (strategy, main) => {
    const preset = `isPreset: true\npatchStrategy: ${strategy}\nrunPatch: {container: {image: b, env: [{name: B, value: 2}]}}`;
    expect(planOf(base, { presets: [preset] }).main).toMatchObject(main);
  });

  test("a git preset comes first, or changes the step of its connection; a revision wins", () => {
    const gitPreset = { name: "polyaxongit.yaml", text: "connection: repo1\ngit: {revision: a}" };
    expect(planOfRun("init: [{connection: repo2}]", { gitPreset }).init).toMatchObject([
      { connection: "repo1", revision: "a" },
      { connection: "repo2" },
    ]);
    expect(planOfRun("init: [{connection: repo1}]", { gitPreset, gitRevision: "b" }).init).toMatchObject([
      { connection: "repo1", revision: "b" },
    ]);
    expect(codesOf(base, { gitRevision: "b" })).toEqual(["FIELD_INVALID"]);
  });
});

test("a component by path, its problems in its own file, and no operation behind an operation", () => {
  const references = {
    "./c.yaml": "run: {kind: job, container: {command: [x], imge: a}}",
    "./o.yaml": "kind: operation\npathRef: ./o.yaml",
  };
  expect(compileText("pathRef: ./c.yaml", { references }).errors).toMatchObject([
    { code: "FIELD_UNKNOWN", place: { file: "c.yaml", line: 1 } },
  ]);
  expect(codesOf("pathRef: ./o.yaml", { references })).toEqual(["FIELD_INVALID 1:10"]);
  expect(codesOf("kind: operation\nurlRef: https://h.invalid/c.yaml", { references })).toEqual(["NOT_SUPPORTED 2:9"]);
});

test("names are unique, safe for containers, and the same every time", () => {
  const lines =
    "init: [{connection: Repo.Two}, {connection: Repo.Two, path: /b}, {connection: repo1, container: {name: own, image: a}}]";
  const names = planOfRun(lines).init.map((step) => step.name);
  expect(names).toEqual(["repo-two", "repo-two-2", "own"]);
  expect(planOfRun(lines).init.map((step) => step.name)).toEqual(names);
});
