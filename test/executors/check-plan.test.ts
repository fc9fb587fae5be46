import { expect, test } from "vitest";
import type { ContainerPlan, Plan } from "../../src/compile/index.ts";
import { checkPlanFor } from "../../src/executors/index.ts";
import { plainConfig, planOf, temporaryHome } from "../runs/plans.ts";

const config = plainConfig(temporaryHome());
const place = { file: "job.yaml", line: 7, column: 3 };
const container = (name: string, more: Partial<ContainerPlan> = {}): ContainerPlan => ({
  ...{ name, env: [], connections: [], rest: {}, place },
  ...more,
});
const ls = { command: ["ls"] };
const gitStep: Plan["init"][number] = {
  ...{ kind: "git", name: "repo", url: "https://git.invalid/org/repo", urlOverridden: false, path: "/a/repo", place },
  options: { history: 1, tags: false, submodules: false, lfs: false, sparse: [] },
};

test.each([
  ["an image without a command", { image: "python" }, '"python"'],
  ["neither image nor command", {}, "a container without a command"],
])("%s in the main container is an error with its line", async (_, main, message) => {
  const { errors } = await checkPlanFor("process", planOf({ ...main, place }), config);
  expect(errors).toMatchObject([{ code: "CONTAINER_MISSING", place: { line: 7 } }]);
  expect(errors[0]!.message).toContain(message);
  expect(errors[0]!.hint).toContain("bowline run -f FILE -- COMMAND");
});

test.each<[string, Plan, string, string]>([
  ["replicas", planOf({ ...ls, place }, { kind: "service", replicas: 3 }), "NOT_ON_PROCESS", "replicas: 3"],
  ["resources", planOf({ ...ls, place, resources: { limits: { cpu: 1 } } }), "NOT_ON_PROCESS", "resources"],
  ["volumes", planOf({ ...ls, place }, { volumes: [{ name: "v" }] }), "NOT_ON_PROCESS", "volumes"],
  ["the environment", planOf({ ...ls, place }, { environment: { nodeSelector: {} } }), "NOT_ON_PROCESS", "environment"],
  ["an image beside a command", planOf({ ...ls, image: "python", place }), "NOT_ON_PROCESS", '"python"'],
  ["a literal /plx-context", planOf({ command: ["ls", "/plx-context/artifacts"], place }), "CONTAINER_PATH", "/plx"],
  [
    "one in a variable",
    planOf({ ...ls, place, env: [{ name: "A", value: "/plx-context" }] }),
    "CONTAINER_PATH",
    "/plx",
  ],
  ["one as workingDir", planOf({ ...ls, place, workingDir: "/plx-context/a" }), "CONTAINER_PATH", "/plx-context"],
  [
    "an init container of an image alone",
    planOf(ls, { init: [{ kind: "container", name: "pull", container: container("pull", { image: "aws" }), place }] }),
    "NOT_ON_PROCESS",
    'the init container "pull" is skipped',
  ],
  [
    "a git handler of an image alone",
    planOf(ls, { init: [{ ...gitStep, handler: container("own", { image: "mine" }) }] }),
    "NOT_ON_PROCESS",
    "is fetched by Bowline itself",
  ],
  [
    "a sidecar of an image alone",
    planOf(ls, { sidecars: [container("board", { image: "tensorboard" })] }),
    "NOT_ON_PROCESS",
    'the sidecar "board" is left out',
  ],
])("%s is a warning with its line", async (_, plan, code, message) => {
  const { errors, warnings } = await checkPlanFor("process", plan, config);
  expect(errors).toEqual([]);
  expect(warnings).toMatchObject([{ code, place: { line: 7 } }]);
  expect(warnings[0]!.message).toContain(message);
  expect(warnings[0]!.hint).not.toBe("");
});

test("what a process does as it is asked is no warning: ports, commands of init containers, handlers and sidecars", async () => {
  const init: Plan["init"] = [
    { ...gitStep, handler: container("own", ls) },
    { kind: "container", name: "make", container: container("make", ls) },
  ];
  const plan = planOf(ls, { init, sidecars: [container("side", ls)], ports: [8080] });
  expect(await checkPlanFor("process", plan, config)).toEqual({ errors: [], warnings: [] });
});

test("an executor that has images is not judged by what a process lacks", async () => {
  const plan = planOf({ image: "python" }, { kind: "service", replicas: 3 });
  expect(await checkPlanFor("docker", plan, config)).toEqual({ errors: [], warnings: [] });
});

test("where everything runs in an image, one that is missing or not allowed is an error with its line", async () => {
  const init: Plan["init"] = [{ kind: "container", name: "make", container: container("make", ls) }];
  const plan = planOf({ image: "corp.invalid/team/python:3", place }, { init });
  const allow = (...images: string[]) => ({ policy: { ...config.policy, images } });
  expect((await checkPlanFor("docker", plan, allow("corp.invalid/*"))).errors).toMatchObject([
    { code: "CONTAINER_MISSING", place: { line: 7 }, message: expect.stringContaining('"make"') as string },
  ]);
  expect(
    (await checkPlanFor("docker", planOf({ image: "other", place }), allow("corp.invalid/*"))).errors,
  ).toMatchObject([{ code: "POLICY_REFUSED", place: { line: 7 } }]);
});
