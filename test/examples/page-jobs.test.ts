import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { example, LOOK, PLAIN_ENVIRONMENT, PRIVATE, PUBLIC, referenceTo, startPage, type Page } from "./page.ts";

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
afterAll(() => page.close());

describe("03 init param", () => {
  test("as printed: an init step for the connection, with no input to declare", async () => {
    const record = await runsInRepository("03-init-param/printed.yaml", "main", LOOK);
    expect(record.warnings ?? []).toMatchObject([
      { code: "RUN_MISSING", line: 1, column: 1 },
      { code: "GIT_REDIRECTED" },
    ]);
  });

  test("completed: an operation with its component", async () => {
    const { record } = await page.user.run(["-f", block("03-init-param/completed.yaml"), "--config", PRIVATE]);
    const reference = await referenceTo(page, "gitlab.com/org/test", "main");
    expect(record).toMatchObject({ name: "newest-commit", status: "succeeded", codeReferences: [reference] });
    expect(await page.user.logs(record.uuid)).toBe(`${reference.commit?.slice(0, 7)} Ada Lovelace Add numbers\n`);
  });
});

describe("05 branch or commit", () => {
  test("as printed: the branch's newest commit", async () => {
    const record = await runsInRepository("05-branch-or-commit/printed.yaml", "branchA", LOOK);
    expect(record.codeReferences).toMatchObject([
      {
        revision: "branchA",
        ref: "refs/heads/branchA",
        redirectedTo: "https://gitlab.com/org/test.git",
        history: 1,
        by: "engine",
        cache: "miss",
      },
    ]);
  });

  test("as printed, without a command: the error is at the line of `container:`", async () => {
    const file = block("05-branch-or-commit/printed.yaml");
    const { stdout, exitCode } = await page.user.bowline(["run", "-f", file, "--config", PRIVATE, "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({ errors: [{ code: "CONTAINER_MISSING", file, line: 6, column: 3 }] });
    expect(exitCode).toBe(2);
  });

  test("completed", async () => {
    const { record } = await page.user.run(["-f", block("05-branch-or-commit/completed.yaml"), "--config", PRIVATE]);
    expect(record.codeReferences).toMatchObject([await referenceTo(page, "gitlab.com/org/test", "branchA")]);
    expect(await page.user.logs(record.uuid)).toBe("hello from branchA\n");
  });
});

describe("06 url override", () => {
  test("as printed: read as `run:`, and asked for without the credential, both with a warning", async () => {
    const file = block("06-url-override/printed.yaml");
    const { record } = await page.user.run(["-f", file, "--config", PRIVATE, ...LOOK], page.trusting);
    expect(record.codeReferences).toMatchObject([
      { ...(await referenceTo(page, "new.com", "main")), connection: "repo-test", url: "https://new.com" },
    ]);
    expect(record.warnings).toMatchObject([
      { code: "PARAMS_FOR_RUN", file, line: 1, column: 1 },
      { code: "URL_OUTSIDE_SCOPE", file, line: 5 },
    ]);
    expect(page.authorizations("new.com").filter((header) => header !== undefined)).toEqual([]);
    const [place, commit, code, environment] = (await page.user.logs(record.uuid)).split("\n");
    expect([place, commit, code, environment]).toEqual([
      record.codeReferences[0]?.path,
      record.codeReferences[0]?.commit,
      'print("hello from new.com")',
      PLAIN_ENVIRONMENT,
    ]);
  });

  test("completed: another repository of the same owner, with the credential", async () => {
    const { record } = await page.user.run(["-f", block("06-url-override/completed.yaml"), "--config", PRIVATE]);
    expect(record.codeReferences).toMatchObject([await referenceTo(page, "gitlab.com/org/test-fork", "main")]);
    expect(await page.user.logs(record.uuid)).toBe("hello from the fork\n");
  });
});

describe("07 flags", () => {
  test("as printed: read as `run:`, with a warning, and the flags as typed options", async () => {
    const record = await runsInRepository("07-flags/printed.yaml", "main", LOOK);
    expect(record.warnings).toMatchObject([{ code: "PARAMS_FOR_RUN", line: 1, column: 1 }, { code: "GIT_REDIRECTED" }]);
    expect(record.codeReferences).toMatchObject([{ history: 1 }]);
  });

  test("completed: the same by typed fields", async () => {
    const { record } = await page.user.run(["-f", block("07-flags/completed.yaml"), "--config", PRIVATE]);
    expect(record.codeReferences).toMatchObject([await referenceTo(page, "gitlab.com/org/test", "main")]);
    expect(await page.user.logs(record.uuid)).toBe("1\n");
  });
});

describe("10 experiment", () => {
  test("as printed: read as a job at that commit, which the stand-in does not have", async () => {
    const file = block("10-experiment/printed.yaml");
    const { record, answer } = await page.user.run(["-f", file, "--config", PUBLIC], page.trusting);
    expect(record.status).toBe("failed");
    expect(record.errors).toMatchObject([{ code: "GIT_REVISION_NOT_FOUND", file, line: 5, column: 11 }]);
    expect(answer.exitCode).toBe(3);
  });

  test.each(["printed", "completed"])("as %s, with a commit that is there", async (form) => {
    const reference = await referenceTo(page, "github.com/polyaxon/polyaxon-quick-start", "main");
    const text = await readFile(block(`10-experiment/${form}.yaml`), "utf8");
    const file = join(page.user.home, `experiment-${form}.yaml`);
    await writeFile(file, text.replace("62b264813aaf5cba3a81919c623ea55c3f79698f", String(reference.commit)));
    const { record } = await page.user.run(["-f", file, "--config", PUBLIC], page.trusting);
    expect(record).toMatchObject({ status: "succeeded", codeReferences: [reference] });
    expect(record.codeReferences[0]?.ref).toBeUndefined();
    expect(await page.user.logs(record.uuid)).toBe("hello from the quick start\n");
    const older = form === "printed" ? [{ code: "KIND_EXPERIMENT", line: 1 }] : [];
    expect(record.warnings).toMatchObject([...older, { code: "NOT_ON_PROCESS" }]);
  });
});

/** Runs a block of the page with a command that looks around; the job is in the repository, at the revision. */
async function runsInRepository(path: string, revision: string, command: string[]): ReturnType<typeof recordOf> {
  const record = await recordOf(path, command);
  const reference = await referenceTo(page, "gitlab.com/org/test", revision);
  expect(record).toMatchObject({ kind: "job", status: "succeeded", exitCode: 0, codeReferences: [reference] });
  const place = record.codeReferences[0]?.path;
  expect(place).toMatch(/\/repo-test$/);
  const code = `print("hello from ${revision}")`;
  expect(await page.user.logs(record.uuid)).toBe(`${place}\n${reference.commit}\n${code}\n${PLAIN_ENVIRONMENT}\n`);
  return record;
}

async function recordOf(path: string, command: string[]): Promise<Awaited<ReturnType<Page["user"]["run"]>>["record"]> {
  return (await page.user.run(["-f", block(path), "--config", PRIVATE, ...command])).record;
}

function block(path: string): string {
  return example(`page/${path}`);
}
