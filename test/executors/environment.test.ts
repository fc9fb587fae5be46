import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Connection } from "../../src/connections/index.ts";
import { openSecretStore } from "../../src/secrets/index.ts";
import { openHarness } from "../runs/harness.ts";
import { plainConfig } from "../runs/plans.ts";

const ours = {
  PATH: process.env.PATH,
  HOME: "/home/ada",
  LC_ALL: "C.UTF-8",
  CUDA_VISIBLE_DEVICES: "1",
  https_proxy: "http://u:pr0xy-word@p:1",
};
const theirs = {
  AWS_SECRET_ACCESS_KEY: "aws-secret-key",
  SSH_AUTH_SOCK: "/tmp/agent",
  GIT_DIR: "/x",
  NODE_OPTIONS: "",
  MY_OWN: "1",
};

test("a job inherits the names on the list and those of inheritEnv, nothing else", async () => {
  const harness = openHarness({ env: { ...ours, ...theirs } });
  const record = await harness.sh("env; exit 0");
  const names = (await harness.texts(record)).map((text) => text.split("=")[0]);
  for (const name of Object.keys(ours)) expect(names).toContain(name);
  for (const name of Object.keys(theirs)) expect(names).not.toContain(name);
  expect((await harness.texts(record)).join("\n")).toContain(`BOWLINE_RUN_UUID=${record.uuid}`);
  expect((await harness.texts(record)).join("\n")).not.toContain("pr0xy-word");

  const config = { ...plainConfig(harness.home), executor: { kind: "process" as const, inheritEnv: ["MY_OWN"] } };
  const more = openHarness({ env: { ...ours, ...theirs }, config }, harness.home);
  const texts = await more.texts(await more.sh("env"));
  expect(texts).toContain("MY_OWN=1");
  expect(texts.join("\n")).not.toContain("aws-secret-key");
});

test("variables refer to one another as on Kubernetes, and the shell's own signs are left to it", async () => {
  const { run, texts } = openHarness();
  const env = [
    { name: "A", value: "1" },
    { name: "B", value: "$(A)2" },
    { name: "C", value: "$$(A) $(NONE)" },
  ];
  const record = await run({ command: ["sh", "-c", 'echo "$(B)" "$C"; test $$ -gt 1 && echo pid'], env });
  expect(await texts(record)).toEqual(["12 $(A) $(NONE)", "pid"]);
});

const vault: Connection = {
  name: "vault",
  kind: "custom",
  secret: { name: "vault" },
  env: [{ name: "REGION", value: "eu" }],
};
const files: Connection = {
  ...{ name: "files", kind: "custom", secret: { name: "vault", mountPath: "/etc/vault", items: ["TOKEN"] } },
  env: [{ name: "TOKEN_FILE", value: "/etc/vault/TOKEN" }],
};

async function withSecret() {
  const harness = openHarness();
  await openSecretStore(harness.home).set("vault", "TOKEN", Buffer.from("t0ken-of-the-vault"));
  return harness;
}

test("a connection's secret is in the environment of the container that asked, masked in its log, and nowhere else", async () => {
  const { run, texts, home } = await withSecret();
  const side = {
    name: "side",
    command: ["sh", "-c", "echo side=$TOKEN=; exec sleep 5"],
    env: [],
    connections: [],
    rest: {},
  };
  const script = 'echo plain $TOKEN; printf %s $TOKEN | base64; test "${#TOKEN}$REGION" = 18eu && echo same; sleep 0.3';
  const record = await run(
    { command: ["sh", "-c", script], connections: ["vault"] },
    { connections: { vault }, sidecars: [side] },
  );
  expect(record.status).toBe("succeeded");
  expect(await texts(record, "main")).toEqual(["plain ***", "***", "same"]);
  expect(await texts(record, "sidecar/side")).toContain("side==");
  const written = filesBelow(home.state).concat(filesBelow(home.data).filter((path) => path.includes("runs.db")));
  for (const path of written) expect(readFileSync(path, "latin1"), path).not.toContain("t0ken-of-the-vault");
});

test("a mounted secret is a file for its owner only, named by its variable, and gone when the run is over", async () => {
  const { run, texts, home } = await withSecret();
  const script =
    'stat -c %a "$TOKEN_FILE"; test "$(cat "$TOKEN_FILE")" = t0ken-of-the-vault && echo same; echo "[$TOKEN]"';
  const record = await run({ command: ["sh", "-c", script], connections: ["files"] }, { connections: { files } });
  expect(await texts(record)).toEqual(["600", "same", "[]"]);
  expect(existsSync(join(home.state, "runs", record.uuid, "private"))).toBe(false);
});

test("a mountPath cannot lead out of the run's private folder", async () => {
  const { run } = await withSecret();
  const away: Connection = { ...files, secret: { name: "vault", mountPath: "/../../../../away" } };
  const record = await run({ command: ["true"], connections: ["files"] }, { connections: { files: away } });
  expect(record).toMatchObject({ status: "failed", errors: [{ code: "PATH_INVALID" }] });
});

test("a secret that is not there is a failed run with the name in it", async () => {
  const { run } = openHarness();
  const record = await run({ command: ["true"], connections: ["vault"] }, { connections: { vault } });
  expect(record).toMatchObject({ status: "failed", reason: "SECRET_NOT_FOUND" });
  expect(record.message).toContain('"vault"');
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
