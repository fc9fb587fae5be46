import { beforeEach, describe, expect, test } from "vitest";
import { homeFolders } from "../../src/config/index.ts";
import { BowlineError } from "../../src/lib/index.ts";
import { openSecretStore, type SecretStore } from "../../src/secrets/index.ts";
import { temporaryFolder } from "../support/index.ts";

let store: SecretStore;
beforeEach(async () => {
  store = openSecretStore(homeFolders({ BOWLINE_HOME: await temporaryFolder() }));
});

const base64 = (text: string) => Buffer.from(text).toString("base64");
const valuesOf = async (name: string, kind?: "configMap") =>
  Object.fromEntries([...(await store.get(name, kind))].map(([key, value]) => [key, value.toString()]));

describe("a manifest", () => {
  test("of a Secret: data in base64, stringData as it is, which wins", async () => {
    const text = `apiVersion: v1
kind: Secret
metadata: {name: git-secret, namespace: polyaxon, labels: {a: b}}
type: Opaque
data:
  POLYAXON_GIT_CREDENTIALS: ${base64("user:p@ss\n")}
  both: ${base64("data")}
  wrapped: |
    ${base64("a long value that was").slice(0, 12)}
    ${base64("a long value that was").slice(12)}
  nothing:
stringData:
  both: plain
  number: "0123"
  key: |
    -----BEGIN OPENSSH PRIVATE KEY-----
    x
    -----END OPENSSH PRIVATE KEY-----
`;
    const { applied, warnings } = await store.apply(text, "secret.yaml");
    expect(warnings).toEqual([]);
    expect(applied).toMatchObject([{ kind: "secret", name: "git-secret" }]);
    expect(await valuesOf("git-secret")).toEqual({
      POLYAXON_GIT_CREDENTIALS: "user:p@ss\n",
      both: "plain",
      wrapped: "a long value that was",
      nothing: "",
      number: "0123",
      key: "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n",
    });
  });

  test("of several objects: documents, a List, JSON, config maps; others are passed over with a warning", async () => {
    const text = `# a comment
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cm}
data: {a: "1"}
binaryData: {b: ${base64("2")}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
--- # another
{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"c": "3"}}]}
...
---
`;
    const { applied, warnings } = await store.apply(text, "all.yaml");
    expect(applied).toEqual([
      { kind: "configMap", name: "cm", keys: ["b", "a"] },
      { kind: "secret", name: "s", keys: ["c"] },
    ]);
    expect(warnings).toMatchObject([
      { code: "MANIFEST_PASSED_OVER", place: { file: "all.yaml", line: 10, column: 7 } },
    ]);
    expect(await valuesOf("cm", "configMap")).toEqual({ a: "1", b: "2" });
    expect(await valuesOf("s")).toEqual({ c: "3" });
    await expect(store.get("cm")).rejects.toMatchObject({ code: "SECRET_NOT_FOUND" });
  });

  test("applied again takes away what it no longer has, and leaves what was stored by hand", async () => {
    const manifest = (data: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: ${data}\n`;
    await store.set("s", "mine", Buffer.from("0"));
    await store.apply(manifest("{a: x, b: y}"), "m.yaml");
    await store.apply(manifest("{b: z}"), "m.yaml");
    expect(await valuesOf("s")).toEqual({ mine: "0", b: "z" });
  });
});

describe("problems", () => {
  const secret = (rest: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n${rest}\n`;

  // An arrow stands where the problem must be shown.
  test.each([
    ["not base64", secret("data: {a: →s3cr3t-value!}")],
    ["base64 without its padding", secret("data: {a: →YQ}")],
    ["base64url", secret("data: {a: →_-__}")],
    ["a number as a text", secret("stringData: {a: →12}")],
    ["a key that cannot be one", secret("stringData: {→'a/b': x}")],
    ["data that is a list", secret("data: →[a]")],
    ["no name", "apiVersion: v1\nkind: Secret\n→metadata: {}\nstringData: {a: b}\n"],
    ["a name that cannot be one", "apiVersion: v1\nkind: Secret\nmetadata: {name: →a/b}\n"],
    ["another version", "apiVersion: →v2\nkind: Secret\nmetadata: {name: s}\n"],
    ["no kind", "→apiVersion: v1\nmetadata: {name: s}\n"],
    ["a list", "→- a\n"],
    ["in the second document", `${secret("stringData: {a: b}")}---\n${secret("data: {a: →'?'}")}`],
    ["in an item of a list", '{kind: List, items: [{apiVersion: v1, kind: Secret, metadata: {name: →"?"}}]}'],
    ["nothing at all", "→"],
  ])("%s", async (_, marked) => {
    const before = marked.slice(0, marked.indexOf("→")).split("\n");
    const error = await store.apply(marked.replace("→", ""), "m.yaml").catch((one: unknown) => one);
    if (!(error instanceof BowlineError)) throw new Error("no problem was found", { cause: error });
    const places = error.problems.map(({ place }) => `${place?.line}:${place?.column}`);
    expect(places).toEqual([`${before.length}:${before.at(-1)!.length + 1}`]);
    expect(JSON.stringify(error.problems)).not.toContain("s3cr3t-value");
    expect(await store.names()).toEqual([]);
  });

  test("are told all at once, and then nothing is stored", async () => {
    const text = `${secret("stringData: {a: b}")}---\n${secret("data: {a: '?', b: '!'}")}---\nkind: Secret\n`;
    const error = (await store.apply(text, "m.yaml").catch((one: unknown) => one)) as BowlineError;
    expect(error.problems.map(({ place }) => place?.line)).toEqual([9, 9, 11, 11]);
    expect(await store.names()).toEqual([]);
  });

  test.each([
    "*s3cr3t-value",
    "!s3cr3t-value",
    "|s3cr3t-value",
    ">s3cr3t-value",
    "[s3cr3t-value",
    '"s3cr3t-value',
    "@s3cr3t-value",
    "&s3cr3t-value",
    "\n    - s3cr3t-value\n   - s3cr3t-value",
  ])("of a value that is not YAML nothing is told: %s", async (value) => {
    const { problems } = (await store
      .apply(secret(`stringData:\n  a: ${value}\n  b:s3cr3t-value`), "m.yaml")
      .catch((one: unknown) => one)) as BowlineError;
    expect(JSON.stringify(problems)).not.toContain("s3cr3t");
  });

  test.each(["*s3cr3t-value", "!s3cr3t-value", "|s3cr3t-value"])("nor of that value alone: %s", async (value) => {
    const error = (await store
      .apply(secret(`stringData:\n  a: ${value}\n  b: c`), "m.yaml")
      .catch((one: unknown) => one)) as BowlineError;
    expect(JSON.stringify(error.problems)).not.toContain("s3cr3t");
  });

  test("what is not YAML", async () => {
    await expect(store.apply("a: [", "m.yaml")).rejects.toMatchObject({ code: "YAML_INVALID" });
  });
});
