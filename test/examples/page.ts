import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CodeReference } from "../../src/git/index.ts";
import type { RunRecord } from "../../src/runs/index.ts";
import { git } from "../support/index.ts";
import { makeUser, repository, type User } from "./command.ts";
import { startPageServers, TOKEN, USER_AND_PASSWORD, type PageServers } from "./page-servers.ts";

/** A file of the examples, by its path there. */
export function example(path: string): string {
  return join(repository, "examples", path);
}

/** The catalogs that the polyaxonfiles of the page are run with. */
export const PRIVATE = example("page/02-connection/completed.yaml");
export const PUBLIC = example("page/09-public-repository/completed.yaml");

/** Prints where the job is, which commit it has, its code, and the names of its environment (but for the shell's own). */
export const LOOK = [
  ...["--", "sh", "-c"],
  "pwd; git rev-parse HEAD; cat model.py; env | sed -n 's/=.*//p' | grep -vxE '_|PWD|OLDPWD|SHLVL' | LC_ALL=C sort | xargs",
];

/** The whole environment of a job that asks for no connection: nothing of git, nothing of a secret. */
export const PLAIN_ENVIRONMENT = "BOWLINE_RUN_UUID HOME HTTPS_PROXY PATH POLYAXON_CONTEXT_ROOT";

export interface Page extends PageServers {
  user: User;
  /** For what is asked without a secret: the machine's own trust has the private authority. */
  trusting: { env: Record<string, string> };
  close: () => Promise<void>;
}

/** The page's hosts, and a user who has stored the page's secrets; the authority of the hosts is in the secrets too. */
export async function startPage(): Promise<Page> {
  const servers = await startPageServers();
  const bin = await standInsForImages();
  const user = await makeUser({ HTTPS_PROXY: servers.hosts.proxy, PATH: `${bin}:${process.env["PATH"]}` });
  const authority = { "ca.crt": servers.hosts.ca };
  await user.setSecret("gitlab-connection", { POLYAXON_GIT_CREDENTIALS: TOKEN, ...authority });
  await user.setSecret("github-connection", { POLYAXON_GIT_CREDENTIALS: TOKEN, ...authority });
  await user.setSecret("git-secret", { POLYAXON_GIT_CREDENTIALS: USER_AND_PASSWORD, ...authority });
  return { ...servers, user, trusting: { env: { SSL_CERT_FILE: servers.hosts.caFile } } };
}

/** A config with the entry of a file as its only connection: what a reader does with the page's first blocks. */
export async function configWith(user: User, file: string): Promise<string> {
  const entry = (await readFile(file, "utf8")).trimEnd().replaceAll("\n", "\n    ");
  const config = join(user.home, `${file.replaceAll(/\W/g, "-")}.yaml`);
  await writeFile(config, `connections:\n  - ${entry}\n`);
  return config;
}

/** What the code reference must say of a commit, as the repository itself has it. */
export async function referenceTo(page: Page, name: string, revision: string): Promise<Partial<CodeReference>> {
  const format = "%H%n%T%n%an%n%ae%n%ct%n%s";
  const { path } = page.repositories[name] ?? { path: "" };
  const shown = await git(path, ["log", "-1", `--format=${format}`, revision]);
  const [commit = "", tree = "", author = "", email = "", date = "", subject = ""] = shown.split("\n");
  return {
    ...{ commit, tree, subject, author: { name: author, email } },
    date: new Date(Number(date) * 1000).toISOString(),
    url: `https://${name}`,
  };
}

/** Waits until a run's log has a text. */
export async function logHas(user: User, uuid: string, text: string): Promise<string> {
  for (let left = 200; ; left -= 1) {
    const log = await user.logs(uuid);
    if (log.includes(text)) return log;
    if (left === 0) throw new Error(`the log never had ${JSON.stringify(text)}:\n${log}`);
    await sleep(50);
  }
}

/** Starts a service, waits until its log has a text, stops it and gives the log and the last record. */
export async function tryService(
  user: User,
  args: string[],
  text: string,
): Promise<{ started: RunRecord; log: string; ended: RunRecord }> {
  const { record: started } = await user.run(["-d", ...args]);
  try {
    return { started, log: await logHas(user, started.uuid, text), ended: await stopped(user, started.uuid) };
  } finally {
    await user.bowline(["stop", started.uuid, "-y"]);
  }
}

async function stopped(user: User, uuid: string): Promise<RunRecord> {
  await user.bowline(["stop", uuid, "-y"]);
  const { stdout } = await user.bowline(["get", uuid, "-o", "json"]);
  return JSON.parse(stdout) as RunRecord;
}

/** Programs that the page's images have and this machine may not: a shell script prints what `print` is given. */
async function standInsForImages(): Promise<string> {
  const { home: bin } = await makeUser();
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "python3"), '#!/bin/sh\nexec sed -n \'s/^print("\\(.*\\)")$/\\1/p\' "$1"\n');
  await chmod(join(bin, "python3"), 0o755);
  return bin;
}
