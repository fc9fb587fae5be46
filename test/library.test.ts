import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as bowline from "../src/index.ts";
import { startGitServer, temporaryFolder, type GitServer, type Repository } from "./support/index.ts";
import { checkCodeReference } from "./support/contract.ts";

let server: GitServer;
let repository: Repository;

beforeAll(async () => {
  server = await startGitServer({ accounts: [{ token: "t0ken", access: ["org"] }] });
  repository = await server.add("org/test");
});

afterAll(() => server.close());

const CONTEXT = {
  uuid: "0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11",
  artifactsPath: "/plx-context/artifacts",
  contextPath: "/plx-context",
  outputsPath: "/plx-context/artifacts/0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11/outputs",
  createdAt: "2026-11-23T08:00:00.000Z",
};

describe("the library", () => {
  test("compiles against a catalog given as a text", async () => {
    const text = 'connections: [{name: repo-test, kind: git, schema: {url: "https://gitlab.com/org/test"}}]';
    const catalog = await bowline.loadCatalog({ text });
    const file = "run: {kind: job, init: [{connection: repo-test}], container: {command: [ls]}}";
    const files = [{ name: "job.yaml", text: file }];
    const { plan, errors } = bowline.compile({ files, readReference: () => "", catalog, context: CONTEXT });
    expect(errors).toEqual([]);
    expect(plan!.init).toMatchObject([{ kind: "git", url: "https://gitlab.com/org/test" }]);
  });

  test("a catalog that is wrong says where", async () => {
    const failed = bowline.loadCatalog({ text: "connections: [{name: a b, kind: git}]\n", file: "mine.yaml" });
    const error = await failed.catch((reason: unknown) => reason as bowline.BowlineError);
    expect(error).toBeInstanceOf(bowline.BowlineError);
    expect((error as bowline.BowlineError).problems[0].place).toMatchObject({ file: "mine.yaml", line: 1 });
    await expect(bowline.loadCatalog("/absent/bowline.yaml")).rejects.toMatchObject({ code: "FILE_NOT_READ" });
  });

  test("fetches with a credential of the caller's, to its scope only", async () => {
    const url = `${server.url}/org/test`;
    const scope = bowline.scopeOf(bowline.parseGitUrl(url));
    const credential = bowline.credentialFromSecret({
      data: new Map([["POLYAXON_GIT_CREDENTIALS", Buffer.from("t0ken")]]),
      secret: "mine",
      host: "127.0.0.1",
      scope,
      source: "the test",
    });
    const request: bowline.GitRequest = {
      url,
      revision: "branchA",
      options: bowline.DEFAULT_GIT_OPTIONS,
      findCredential: async (asked) => (bowline.inScope(scope, asked) ? credential : undefined),
      policy: bowline.DEFAULT_POLICY,
      network: bowline.networkFrom({ PATH: process.env["PATH"] }),
    };
    const target = join(await temporaryFolder(), "code");
    const reference = await bowline.materialize({ ...request, resolution: await bowline.resolve(request), target });
    expect(checkCodeReference(reference).commit).toBe(repository.commits["branchA"]);
  });
});
