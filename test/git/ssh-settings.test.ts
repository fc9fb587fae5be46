import { execa } from "execa";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import type { Credential } from "../../src/connections/index.ts";
import { prepareJobGit } from "../../src/git/job/job-git.ts";
import { mountedSsh } from "../../src/git/job/mounted-ssh.ts";
import { openSsh } from "../../src/git/ssh/ssh.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import { makeSshKey, temporaryFolder } from "../support/index.ts";

const timeouts = { connect: 2000, stall: 3000, resolve: 5000, materialize: 20_000 };
const url = parseGitUrl("ssh://git@h.example/org/test");

/** The opposite of each setting that guards something: ours must win, even where a file of settings were read. */
const HOSTILE = {
  GlobalKnownHostsFile: "/evil",
  UserKnownHostsFile: "/evil",
  StrictHostKeyChecking: "no",
  IdentitiesOnly: "no",
  IdentityAgent: "/evil",
  PreferredAuthentications: "password",
  PasswordAuthentication: "yes",
  KbdInteractiveAuthentication: "yes",
  UpdateHostKeys: "yes",
  CheckHostIP: "yes",
  HashKnownHosts: "yes",
  ForwardAgent: "yes",
  ForwardX11: "yes",
  ClearAllForwardings: "no",
  PermitLocalCommand: "yes",
  ControlMaster: "auto",
  ControlPath: "/evil",
  BatchMode: "no",
  ConnectTimeout: "99",
  ServerAliveInterval: "0",
  ServerAliveCountMax: "99",
  LogLevel: "DEBUG3",
};
const TIMES = { connecttimeout: "2", serveraliveinterval: "1", serveralivecountmax: "3" };
const OURS = {
  globalknownhostsfile: "/dev/null",
  stricthostkeychecking: "true",
  identitiesonly: "yes",
  identityagent: "none",
  preferredauthentications: "publickey",
  passwordauthentication: "no",
  kbdinteractiveauthentication: "no",
  updatehostkeys: "false",
  checkhostip: "no",
  hashknownhosts: "no",
  forwardagent: "no",
  forwardx11: "no",
  clearallforwardings: "yes",
  permitlocalcommand: "no",
  controlmaster: "false",
  batchmode: "yes",
  loglevel: "ERROR",
  ...TIMES,
};

let hostile: string;
let credential: Credential;
beforeAll(async () => {
  hostile = join(await temporaryFolder(), "config");
  await writeFile(
    hostile,
    Object.entries(HOSTILE)
      .map((words) => `${words.join(" ")}\n`)
      .join(""),
  );
  const { privateKey } = await makeSshKey();
  const knownHosts = "h.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK";
  credential = { scope: "ssh://h.example/org/", source: "test", ssh: { privateKey }, knownHosts, secretValues: [] };
});

/** What ssh itself takes for its settings (`ssh -G`). */
async function settingsOf(command: string, words: readonly string[] = []): Promise<Record<string, string>> {
  const { stdout } = await execa("sh", ["-c", `${command} "$@"`, "sh", "-G", "git@h.example", ...words]);
  // the first of each: more identities would come after
  return Object.fromEntries(
    stdout
      .split("\n")
      .toReversed()
      .map((line) => /^(\S+) ?(.*)$/.exec(line)!.slice(1)),
  );
}

function withHostile(command: string): string {
  expect(command).toContain(" -F /dev/null ");
  return command.replace("-F /dev/null", `-F ${hostile}`);
}

test("no file of settings is read, and none would change what guards a connection", async () => {
  const access = await openSsh({ url, credential, timeouts });
  const found = await settingsOf(withHostile(access.env["GIT_SSH_COMMAND"]!));
  expect(found).toMatchObject({
    ...OURS,
    userknownhostsfile: join(access.folder, "known_hosts"),
    identityfile: join(access.folder, "key"),
  });
  expect(found["controlpath"] ?? "none").toBe("none");
  await access.close();
});

test("whose key is asked for is shown no key of anybody's", async () => {
  const { ssh: _, ...without } = credential;
  const access = await openSsh({ url, credential: without, timeouts, hostKeys: "keep" });
  expect(await settingsOf(withHostile(access.env["GIT_SSH_COMMAND"]!))).toMatchObject({
    ...OURS,
    pubkeyauthentication: "false",
    stricthostkeychecking: "accept-new",
  });
  await access.close();
});

test("git in a job is as strict", async () => {
  const folder = await temporaryFolder();
  const connections = [{ name: "c", url: url.href, credential }];
  const { files } = prepareJobGit({
    ...{ connections, folder, safeDirectories: [] },
    policy: { ...DEFAULT_POLICY, timeouts },
  });
  await mkdir(folder, { recursive: true });
  for (const { name, content, mode } of files) {
    await writeFile(join(folder, name), name === "ssh" ? withHostile(content) : content, { mode });
  }
  expect(await settingsOf(`sh ${folder}/ssh`, ["git-upload-pack 'org/test'"])).toMatchObject({
    ...OURS,
    userknownhostsfile: join(folder, "0.known_hosts"),
    identityfile: join(folder, "0.key"),
  });
  // what is not in the scope is for the user's own ssh, which asks nobody and does not wait for ever either
  for (const words of [["git-upload-pack 'other/test'"], ["-p", "2222", "git-upload-pack 'org/test'"]]) {
    const other = await settingsOf(`sh ${folder}/ssh`, words);
    expect(other).toMatchObject({ batchmode: "yes", ...TIMES });
    expect(other["identityfile"]).not.toContain(folder);
  }
});

test("git in a pod is as strict", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "ssh-privatekey"), (credential.ssh as { privateKey: string }).privateKey);
  await writeFile(join(folder, "known_hosts"), `${credential.knownHosts}\n`);
  const scopes = [{ prefix: credential.scope, credential, number: 0 }];
  const { GIT_SSH_COMMAND = "" } = mountedSsh(scopes, { timeouts, folderOf: () => folder });
  const { batchmode: _, ...ours } = OURS;
  expect(await settingsOf(withHostile(GIT_SSH_COMMAND), ["git-upload-pack 'org/test'"])).toMatchObject({
    ...ours,
    numberofpasswordprompts: "1",
    userknownhostsfile: join(folder, "known_hosts"),
  });
});

test("the user's own ssh is never let ask or wait for ever", async () => {
  const userEnv = { GIT_SSH_COMMAND: `ssh -F ${hostile}` };
  const access = await openSsh({ url, credential: { ...credential, ssh: "user", userEnv }, timeouts });
  expect(await settingsOf(access.env["GIT_SSH_COMMAND"]!)).toMatchObject({ batchmode: "yes", ...TIMES });
  await access.close();
});
