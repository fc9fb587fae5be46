import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { homeFolders, type Home } from "../../src/config/index.ts";
import { openSecretStore, type SecretStore } from "../../src/secrets/index.ts";
import { canDropRights, childScript, type ChildScript } from "../support/child-script.ts";
import { temporaryFolder } from "../support/index.ts";

const VALUE = "p@ss/w#r%d? +: & ünïcode";
let folder: string;
let home: Home;
let store: SecretStore;
let keyFile: string;
let storeFile: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  home = homeFolders({ BOWLINE_HOME: folder });
  store = openSecretStore(home);
  keyFile = join(home.data, "secrets", "key");
  storeFile = join(home.data, "secrets", "secrets.json");
});

const text = async (name: string, key: string) => (await store.get(name)).get(key)?.toString();
const refused = (act: Promise<unknown>, code: string) => expect(act).rejects.toMatchObject({ code });

describe("values", () => {
  test("come back as they were stored, byte by byte", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    await store.set("git-secret", "POLYAXON_GIT_CREDENTIALS", Buffer.from(VALUE));
    await store.set("git-secret", "bytes", bytes);
    const values = await openSecretStore(home).get("git-secret");
    expect(values.get("POLYAXON_GIT_CREDENTIALS")?.toString()).toBe(VALUE);
    expect(values.get("bytes")?.equals(bytes)).toBe(true);
    expect(await store.names()).toEqual([
      { kind: "secret", name: "git-secret", keys: ["POLYAXON_GIT_CREDENTIALS", "bytes"] },
    ]);
  });

  test("can be replaced and removed, by key and all of them", async () => {
    await store.set("a", "one", Buffer.from("1"));
    await store.set("a", "one", Buffer.from("2"));
    await store.set("a", "two", Buffer.from("3"));
    await store.set("b", "one", Buffer.from("4"));
    expect(await text("a", "one")).toBe("2");
    await store.remove("a", "one");
    expect([...(await store.get("a")).keys()]).toEqual(["two"]);
    await store.remove("a", "two");
    await store.remove("b");
    expect(await store.names()).toEqual([]);
  });

  test("what is not there is an error that names what is near", async () => {
    await store.set("git-secret", "token", Buffer.from("x"));
    const error = await store.get("git-secrets").catch((one: unknown) => one);
    expect(error).toMatchObject({ code: "SECRET_NOT_FOUND" });
    expect((error as { hint: string }).hint).toContain('"git-secret"');
    await refused(store.remove("git-secret", "tokn"), "SECRET_NOT_FOUND");
    await refused(store.remove("other"), "SECRET_NOT_FOUND");
    await expect(store.remove("other")).rejects.toMatchObject({ hint: "see what is stored: bowline secrets ls" });
  });

  test.each(["constructor", "toString", "hasOwnProperty"])("a name like %s is a name like any other", async (name) => {
    await refused(store.get(name), "SECRET_NOT_FOUND");
    await store.set(name, name, Buffer.from("x"));
    expect(await text(name, name)).toBe("x");
  });

  test.each([
    ["", "key"],
    ["-a", "key"],
    ["a/b", "key"],
    ["../x", "key"],
    ["__proto__", "key"],
    ["a", ""],
    ["a", ".."],
    ["a", "a b"],
    ["a", "__proto__"],
  ])("the name %j with key %j is refused", (name, key) => refused(store.set(name, key, Buffer.from("x")), "USAGE"));

  test("an empty or a very large value is refused", async () => {
    await refused(store.set("a", "b", Buffer.alloc(0)), "SECRET_INVALID");
    await refused(store.set("a", "b", Buffer.alloc(1024 * 1024 + 1)), "SECRET_INVALID");
  });
});

describe("at rest", () => {
  test("no form of a value is in the data folder, also after it was replaced and removed", async () => {
    await store.set("a", "b", Buffer.from(VALUE));
    await store.apply(manifest("Secret", { stringData: { c: VALUE } }), "m.yaml");
    expect(formsFound(folder, VALUE)).toEqual([]);
    await store.set("a", "b", Buffer.from("other"));
    await store.remove("a");
    expect(formsFound(folder, VALUE)).toEqual([]);
  });

  test("the scan finds a value that is there", () => {
    writeFileSync(join(folder, "leak"), `x${Buffer.from(`ab${VALUE}`).toString("base64")}`);
    writeFileSync(join(folder, "leak2"), encodeURIComponent(VALUE));
    expect(formsFound(folder, VALUE)).toHaveLength(2);
  });

  test("files and folder are the owner's alone", async () => {
    await store.set("a", "b", Buffer.from("x"));
    for (const file of [keyFile, storeFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(home.data, "secrets")).mode & 0o777).toBe(0o700);
  });

  test("the same value twice is encrypted to two different texts", async () => {
    await store.set("a", "b", Buffer.from(VALUE));
    await store.set("a", "c", Buffer.from(VALUE));
    const stored = JSON.parse(readFileSync(storeFile, "utf8"));
    expect(stored.secrets.a.b.data).not.toBe(stored.secrets.a.c.data);
  });
});

describe("what cannot be read", () => {
  const unreadable = (act: Promise<unknown>) => refused(act, "SECRETS_UNREADABLE");
  beforeEach(() => store.set("a", "b", Buffer.from("x")));

  test("a lost key file: nothing is read or written, names are listed, removing works, and then one starts anew", async () => {
    rmSync(keyFile);
    await unreadable(store.get("a"));
    await unreadable(store.set("c", "d", Buffer.from("y")));
    await unreadable(store.apply(manifest("Secret", { stringData: { c: "d" } }), "m.yaml"));
    expect(existsSync(keyFile)).toBe(false);
    expect(await store.names()).toEqual([{ kind: "secret", name: "a", keys: ["b"] }]);
    await store.remove("a");
    await store.set("a", "b", Buffer.from("new"));
    expect(await text("a", "b")).toBe("new");
  });

  test("another store's key file", async () => {
    const other = homeFolders({ BOWLINE_HOME: await temporaryFolder() });
    await openSecretStore(other).set("a", "b", Buffer.from("x"));
    writeFileSync(keyFile, readFileSync(join(other.data, "secrets", "key")));
    await unreadable(store.get("a"));
  });

  test.each(["", "short", "not base64 at all, and much too long to be a key of 32 bytes"])(
    "a key file that holds %j",
    async (content) => {
      writeFileSync(keyFile, content);
      await unreadable(store.get("a"));
    },
  );

  test.each([0o640, 0o604, 0o644, 0o620])("a key file that others may use (%o)", async (mode) => {
    chmodSync(keyFile, mode);
    const error = await store.get("a").catch((one: unknown) => one);
    expect(error).toMatchObject({ code: "SECRETS_UNREADABLE" });
    expect((error as { hint: string }).hint).toContain(`chmod 600 ${keyFile}`);
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    '{"apiVersion":"bowline/v1"}',
    '{"apiVersion":"bowline/v1","secrets":{"a":1},"configMaps":{}}',
  ])("a store file that holds %j", async (content) => {
    writeFileSync(storeFile, content);
    await unreadable(store.names());
    await unreadable(store.set("a", "b", Buffer.from("x")));
    expect(readFileSync(storeFile, "utf8")).toBe(content);
  });

  test("a store file of a later version", async () => {
    writeFileSync(storeFile, '{"apiVersion":"bowline/v2"}');
    await refused(store.names(), "VERSION_UNSUPPORTED");
  });

  test("a value that was changed, moved to another key or name, or taken from an earlier version", async () => {
    const before = JSON.parse(readFileSync(storeFile, "utf8"));
    await store.set("a", "b", Buffer.from("newer"));
    await store.set("a", "other", Buffer.from("y"));
    const now = JSON.parse(readFileSync(storeFile, "utf8"));
    const tampered = [
      {
        ...now.secrets.a,
        b: { ...now.secrets.a.b, data: now.secrets.a.b.data.replace(/^./, (c: string) => (c === "A" ? "B" : "A")) },
      },
      { ...now.secrets.a, b: now.secrets.a.other },
      { ...now.secrets.a, b: { ...before.secrets.a.b, version: 2 } },
      { ...now.secrets.a, b: { ...now.secrets.a.b, data: "AAAA" } },
      { ...now.secrets.a, b: { ...now.secrets.a.b, iv: "" } },
    ];
    for (const a of tampered) {
      writeFileSync(storeFile, JSON.stringify({ ...now, secrets: { a } }));
      await unreadable(store.get("a"));
    }
    writeFileSync(storeFile, JSON.stringify({ ...now, secrets: { moved: now.secrets.a } }));
    await unreadable(store.get("moved"));
  });
});

describe("several processes", () => {
  let script: ChildScript;
  beforeAll(async () => {
    script = await childScript(`
      import { homeFolders } from "#src/config/index.ts";
      import { openSecretStore } from "#src/secrets/index.ts";
      const [what, home, name] = args;
      const store = openSecretStore(homeFolders({ BOWLINE_HOME: home }));
      try {
        if (what === "write") for (let n = 0; n < 10; n++) await store.set(name, "key" + n, Buffer.from(name + n));
        if (what === "read") await store.get(name);
        print("done");
      } catch (error) {
        print(error.code);
      }
    `);
  });
  afterAll(() => script.remove());

  test("that begin at once agree on one key and lose no write", async () => {
    const names = ["one", "two", "three", "four"];
    const done = await Promise.all(names.map((name) => script.run(["write", folder, name])));
    expect(done).toEqual(names.map(() => "done"));
    for (const name of names) {
      for (let n = 0; n < 10; n++) expect(await text(name, `key${n}`)).toBe(`${name}${n}`);
    }
  });

  test.runIf(canDropRights)(
    "another user reads nothing and writes nothing (needs root, to be somebody else)",
    async () => {
      await store.set("a", "b", Buffer.from("x"));
      for (const path of [folder, home.data]) chmodSync(path, 0o755);
      expect(await script.run(["read", folder, "a"], { unprivileged: true })).toBe("SECRETS_UNREADABLE");
      expect(await script.run(["write", folder, "a"], { unprivileged: true })).toBe("DISK_NOT_WRITABLE");
      // Also where the folder was opened up by mistake.
      chmodSync(join(home.data, "secrets"), 0o755);
      expect(await script.run(["read", folder, "a"], { unprivileged: true })).toBe("SECRETS_UNREADABLE");
    },
  );
});

function manifest(kind: string, more: object): string {
  return JSON.stringify({ apiVersion: "v1", kind, metadata: { name: "applied" }, ...more });
}

/** Files below the folder that hold the value: plain, as base64 at any of its three alignments, or percent-encoded. */
function formsFound(root: string, value: string): string[] {
  const bytes = Buffer.from(value);
  const aligned = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .slice(shift === 0 ? 0 : 4)
      .replace(/.{0,4}=*$/, ""),
  );
  const forms = [value, encodeURIComponent(value), encodeURI(value), bytes.toString("hex"), ...aligned];
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => forms.some((form) => readFileSync(file).includes(form)));
}
