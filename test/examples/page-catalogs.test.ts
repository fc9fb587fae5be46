import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configWith, example, LOOK, referenceTo, startPage, type Page } from "./page.ts";

const USES_REPO_TEST = example("page/05-branch-or-commit/printed.yaml");

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
afterAll(() => page.close());

describe.each(["printed", "completed"])("01 url, as %s", (form) => {
  test("a catalog entry that is asked for anonymously, which a private repository refuses", async () => {
    const config = await catalog("page/01-url", form);
    expect(await connection("repo-test", config)).toMatchObject({
      name: "repo-test",
      kind: "git",
      schema: { url: "https://gitlab.com/org/test" },
    });
    const { record, answer } = await page.user.run(["-f", USES_REPO_TEST, "--config", config, ...LOOK], page.trusting);
    expect(record).toMatchObject({ status: "failed", codeReferences: [] });
    expect(record.errors).toMatchObject([
      { code: "GIT_CREDENTIAL_MISSING", connection: "repo-test", file: USES_REPO_TEST, line: 5 },
    ]);
    expect(answer.exitCode).toBe(4);
  });
});

describe.each(["printed", "completed"])("02 connection, as %s", (form) => {
  test("a catalog entry whose secret opens the repository", async () => {
    const config = await catalog("page/02-connection", form);
    expect(await connection("repo-test", config)).toMatchObject({ secret: { name: "gitlab-connection" } });
    const { record } = await page.user.run(["-f", USES_REPO_TEST, "--config", config, ...LOOK]);
    expect(record).toMatchObject({ status: "succeeded", exitCode: 0 });
    expect(record.codeReferences).toMatchObject([
      { ...(await referenceTo(page, "gitlab.com/org/test", "branchA")), connection: "repo-test" },
    ]);
  });
});

describe.each(["printed", "completed"])("09 public repository, as %s", (form) => {
  test("a catalog whose repository needs no secret, and none is sent", async () => {
    const config = example(`page/09-public-repository/${form}.yaml`);
    expect(await connection("polyaxon-quick-start", config)).toMatchObject({ description: "Quick start example" });
    const polyaxonfile = "run: {kind: job, init: [{connection: polyaxon-quick-start}]}\n";
    const args = ["-f", "-", "--config", config, "--", "cat", "model.py"];
    const { record } = await page.user.run(args, { ...page.trusting, input: polyaxonfile });
    expect(record.codeReferences).toMatchObject([
      await referenceTo(page, "github.com/polyaxon/polyaxon-quick-start", "main"),
    ]);
    expect(await page.user.logs(record.uuid)).toBe('print("hello from the quick start")\n');
    expect(page.authorizations("github.com").filter((header) => header !== undefined)).toEqual([]);
  });
});

describe.each(["printed", "completed"])("11 private repositories, as %s", (form) => {
  test("a catalog with one secret for both repositories", async () => {
    const config = example(`page/11-private-repositories/${form}.yaml`);
    const polyaxonfile = "run: {kind: job, init: [{connection: repo1}, {connection: repo2}]}\n";
    const args = ["-f", "-", "--config", config, "--", "cat", "repo1/model.py", "repo2/data/numbers.txt"];
    const { record } = await page.user.run(args, { input: polyaxonfile });
    expect(record.status).toBe("succeeded");
    expect(record.codeReferences.toSorted((a, b) => a.url.localeCompare(b.url))).toMatchObject([
      await referenceTo(page, "github.com/org/private-repo1", "main"),
      await referenceTo(page, "github.com/org/private-repo2", "main"),
    ]);
    expect(await page.user.logs(record.uuid)).toBe('print("hello from main")\n1\n2\n3\n');
  });
});

/** As printed, the first two blocks are one entry of the catalog; completed, they are a config. */
function catalog(folder: string, form: string): Promise<string> {
  const file = example(`${folder}/${form}.yaml`);
  return form === "printed" ? configWith(page.user, file) : Promise.resolve(file);
}

async function connection(name: string, config: string): Promise<unknown> {
  const { stdout } = await page.user.bowline(["connections", "get", name, "--config", config, "-o", "json"]);
  return JSON.parse(stdout);
}
