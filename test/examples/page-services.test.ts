import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TOKEN } from "./page-servers.ts";
import { example, PRIVATE, referenceTo, startPage, tryService, type Page } from "./page.ts";

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
afterAll(() => page.close());

const FOREVER = "while true; do sleep 0.2; done";

describe("04 init container", () => {
  test("as printed: an image alone is done by the engine, with a warning", async () => {
    const file = example("page/04-init-container/printed.yaml");
    const command = ["--", "sh", "-c", `cat model.py; echo ready; ${FOREVER}`];
    const { log, ended } = await tryService(page.user, ["-f", file, "--config", PRIVATE, ...command], "ready");
    expect(log).toBe('print("hello from main")\nready\n');
    expect(ended).toMatchObject({ kind: "service", status: "stopped" });
    const reference = await referenceTo(page, "gitlab.com/org/test", "main");
    expect(ended.codeReferences).toMatchObject([{ ...reference, by: "engine" }]);
    expect(ended.warnings).toMatchObject([
      { code: "NOT_ON_PROCESS", file, line: 4 },
      { code: "GIT_REDIRECTED", line: 4 },
    ]);
  });

  test("completed: a container that clones by its own command", async () => {
    const file = example("page/04-init-container/completed.yaml");
    const { log, ended } = await tryService(page.user, ["-f", file, "--config", PRIVATE], "hello");
    expect(log).toBe('print("hello from main")\n');
    const reference = await referenceTo(page, "gitlab.com/org/test", "main");
    expect(ended).toMatchObject({ status: "stopped", codeReferences: [{ ...reference, by: "handler" }] });
  });
});

describe("08 main container", () => {
  test("as printed: git within the job gets in by itself, and leaves nothing in .git", async () => {
    const file = example("page/08-main-container/printed.yaml");
    const script = `git clone --quiet https://gitlab.com/org/test code && git -C code fetch --quiet && cat code/model.py
      git -C code config --list --local | grep -c oauth2
      printf %s "$POLYAXON_GIT_CREDENTIALS" | sha256sum; echo ready; ${FOREVER}`;
    const args = ["-f", file, "--config", PRIVATE, "--", "sh", "-c", script];
    const { log, ended } = await tryService(page.user, args, "ready");
    const digest = createHash("sha256").update(TOKEN).digest("hex");
    expect(log).toBe(`print("hello from main")\n0\n${digest}  -\nready\n`);
    expect(ended).toMatchObject({ kind: "service", status: "stopped", codeReferences: [] });
  });

  test("completed: a service that clones and follows", async () => {
    const file = example("page/08-main-container/completed.yaml");
    const { log, ended } = await tryService(page.user, ["-f", file, "--config", PRIVATE], "Add numbers");
    const { commit = "" } = await referenceTo(page, "gitlab.com/org/test", "main");
    expect(log).toBe(`${commit.slice(0, 7)} Add numbers\n`);
    expect(ended.status).toBe("stopped");
  });
});
