import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/read-config.ts";
import { BowlineError } from "../../src/lib/index.ts";
import { type ConfigFolder, configFolder } from "./config-folder.ts";

let read: ConfigFolder["read"];
let problemsOf: ConfigFolder["problemsOf"];
beforeEach(async () => {
  ({ read, problemsOf } = await configFolder());
});

describe("problems", () => {
  // An arrow stands where the problem must be shown.
  const connection = (rest: string) => `connections:\n- {name: a, kind: git, ${rest}}\n`;

  test.each([
    ["a url with a password", connection('schema: {url: →"https://u:p@h/o/r"}'), "GIT_URL_INVALID"],
    ["a url with a user", connection('schema: {url: →"https://u@h/o/r"}'), "GIT_URL_INVALID"],
    ["a scheme that is not allowed", connection('schema: {url: →"file:///srv/r"}'), "POLICY_REFUSED"],
    ["a scheme nobody knows", connection('schema: {url: →"ext::sh -c x"}'), "GIT_URL_INVALID"],
    ["a url that is an option", connection('schema: {url: →"--upload-pack=x"}'), "GIT_URL_INVALID"],
    ["a revision that is an option", connection('schema: {revision: →"--x"}'), "GIT_REVISION_INVALID"],
    ["a flag that is not known", connection('schema: {flags: [→"-c x=y"]}'), "GIT_FLAG_INVALID"],
    ["an unknown key of a git schema", connection("schema: {→ulr: x}"), "FIELD_UNKNOWN"],
    ["a provider nobody knows", connection("schema: {provider: →githb}"), "FIELD_INVALID"],
    ["a proxy that is none", connection("schema: {proxy: →'socks5://h:1'}"), "FIELD_INVALID"],
    ["a proxy with a password", connection("schema: {proxy: →'http://u:p@h:1'}"), "FIELD_INVALID"],
    ["an unknown key of a connection", connection("→secrets: {name: x}"), "FIELD_UNKNOWN"],
    ["a secret without a name", connection("→secret: {items: [a]}"), "FIELD_MISSING"],
    ["a mode that is none", connection("secret: {name: s, defaultMode: →600}"), "FIELD_INVALID"],
    ["a mode that is a word", connection("secret: {name: s, defaultMode: →rw}"), "FIELD_INVALID"],
    ["a mount path that is relative", connection("secret: {name: s, mountPath: →a/b}"), "PATH_INVALID"],
    ["a mount path with ..", connection("secret: {name: s, mountPath: →/a/../b}"), "PATH_INVALID"],
    ["a variable that is none", connection("env: [{name: →'A=B'}]"), "FIELD_INVALID"],
    ["a key of the schema beside it", connection("→url: x"), "FIELD_UNKNOWN"],
    ["no kind", "connections:\n- →{name: a}\n", "FIELD_MISSING"],
    ["no name", "connections:\n- →{kind: git}\n", "FIELD_MISSING"],
    ["connections that are a map", "connections: →{a: {kind: git}}\n", "FIELD_INVALID"],
    ["an executor nobody knows", "executor: →dokcer\n", "FIELD_INVALID"],
    ["an executor with another one's key", "executor: {kind: docker, →namespace: n}\n", "FIELD_UNKNOWN"],
    ["a policy with an unknown key", "policy: {→host: [a]}\n", "FIELD_UNKNOWN"],
    ["a policy flag nobody knows", "policy: {flags: [→--dept]}\n", "GIT_FLAG_INVALID"],
    ["a duration that is none", "policy: {timeouts: {connect: →soon}}\n", "FIELD_INVALID"],
    ["a duration of nothing", "policy: {timeouts: {connect: →0}}\n", "FIELD_INVALID"],
    ["a size that is none", "policy: {maxBytes: →5 GB}\n", "FIELD_INVALID"],
    ["two sources", "credentials:\n- {match: 'https://h/', secret: {name: s}, from: →git}\n", "FIELD_INVALID"],
    ["no source", "credentials:\n- →{match: 'https://h/'}\n", "FIELD_MISSING"],
    ["a source nobody knows", "credentials:\n- {match: 'https://h/', from: →gti}\n", "FIELD_INVALID"],
    ["a prefix without a scheme", "credentials:\n- {match: →'github.com/', from: git}\n", "GIT_URL_INVALID"],
    [
      "a prefix twice",
      "credentials:\n- {match: 'https://h', from: git}\n- {match: →'https://H:443/', from: git}\n",
      "CONFIG_INVALID",
    ],
    ["a name twice", "connections:\n- {name: a, kind: git}\n- {name: →a, kind: ssh}\n", "CONFIG_INVALID"],
    ["a list", "→- a\n", "FIELD_INVALID"],
  ])("%s", async (_, marked, code) => {
    const before = marked.slice(0, marked.indexOf("→")).split("\n");
    const place = `${before.length}:${before.at(-1)!.length + 1}`;
    expect(await problemsOf(marked.replace("→", ""))).toEqual([`${code} ${place}`]);
  });

  test("what is not YAML", async () => {
    expect(await problemsOf("connections: [\n")).toEqual([expect.stringMatching(/^YAML_INVALID /)]);
  });

  test.each(["", "-a", "a-", ".a", "a/b", "a b", "ä", "a".repeat(64), "..", "a\\n"])("the name %j", async (name) => {
    const [problem] = await problemsOf(`connections: [{name: "${name}", kind: git}]\n`);
    expect(problem).toMatch(/^FIELD_INVALID 1:22$/);
  });

  test.each(["a", "A1", "repo-test", "a.b_c-d", "a".repeat(63), "1234567"])("not the name %j", async (name) => {
    const { catalog } = await read(`connections: [{name: ${name}, kind: git}]\n`);
    expect(catalog.connections.has(name)).toBe(true);
  });

  test("are told all at once", async () => {
    const text = `executor: dokcer
connections:
- {name: a, kind: git, schema: {url: "ftp://h/o/r", revision: -x}}
- {name: a, kind: git, secrets: x}
- {name: "b/", kind: ssh, schema: {x: 1}}
credentials:
- {match: x, from: git}
policy: {maxBytes: lots}
`;
    expect((await problemsOf(text)).sort()).toEqual([
      "CONFIG_INVALID 4:10",
      "FIELD_INVALID 1:11",
      "FIELD_INVALID 5:10",
      "FIELD_INVALID 8:20",
      "FIELD_UNKNOWN 4:24",
      "FIELD_UNKNOWN 5:36",
      "GIT_REVISION_INVALID 3:63",
      "GIT_URL_INVALID 3:38",
      "GIT_URL_INVALID 7:11",
    ]);
  });

  test("never repeat the password of a url or proxy", async () => {
    const text = connection('schema: {url: "https://u:s3cr3tpw@h/o/r", proxy: "ftp://u:s3cr3tpw@h"}');
    const error = (await read(text).catch((one: unknown) => one)) as BowlineError;
    expect(error.problems).toHaveLength(2);
    expect(JSON.stringify(error.problems)).not.toContain("s3cr3tpw");
  });
});

describe("whatever is written", () => {
  const scalar = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom("git", "https://h/o/r", "0600"),
  );
  const keys = fc.constantFrom(
    ..."executor connections credentials init policy name kind schema url revision flags secret configMap mountPath items".split(
      " ",
    ),
    ..."defaultMode env value match from file provider auth proxy timeouts connect maxBytes fsck ignore schemes __proto__".split(
      " ",
    ),
    ...["constructor", "x"],
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      scalar,
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(keys, tie("tree"), { maxKeys: 6 }),
    ),
  }));

  const readAny = async (text: string) => {
    try {
      readConfig(text, { path: "bowline.yaml", trusted: true });
    } catch (error) {
      if (!(error instanceof BowlineError)) throw error;
      for (const { place, hint, message } of error.problems) {
        expect(place?.file).toBe("bowline.yaml");
        expect([hint.length > 0, message.length > 0]).toEqual([true, true]);
      }
    }
  };

  test("any data gives a config or placed problems", async () => {
    const top = fc.dictionary(keys, tree, { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(top, (data) => readAny(JSON.stringify(data))),
      { numRuns: 1000 },
    );
  });

  test("any text gives a config or placed problems", async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: "binary" }), readAny), { numRuns: 500 });
  });
});
