import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BowlineError, makePrivateFolder } from "../../lib/index.ts";
import { catalog, polyaxonfiles } from "./files.ts";
import { digestOf, startDemoGitServer, type DemoAccount, type DemoGitServer } from "./git-server.ts";
import { makeRepositories, PRIVATE_OWNER } from "./repositories.ts";

/** A folder to play in: repositories, catalog, polyaxonfiles and a home of its own. */
export interface PlayFolder {
  folder: string;
  server: DemoGitServer;
  /** What the commands that are run in it are given besides the user's own environment. */
  env: Record<string, string>;
}

/** A new one, and the only time at which its password is known. */
export interface NewPlayFolder extends PlayFolder {
  credentials: { username: string; password: string };
}

interface Remembered {
  port: number;
  account: DemoAccount;
}

/** Whether a folder was made by an earlier demo. */
export function isPlayFolder(folder: string): boolean {
  return existsSync(join(folder, STATE_FILE));
}

/** Makes a new one and starts its git server. USAGE when there is something else at the place. */
export async function makePlayFolder(folder: string, searchPath: string): Promise<NewPlayFolder> {
  await makePrivateFolder(folder);
  const repositories = join(folder, "repositories");
  const commits = await makeRepositories(repositories, searchPath);
  const credentials = { username: "demo", password: randomBytes(12).toString("base64url") };
  const account = { username: credentials.username, passwordDigest: digestOf(credentials.password) };
  const server = await serve({ folder, searchPath, account });
  await writeFile(join(folder, "bowline.yaml"), catalog(server.url));
  for (const [name, text] of Object.entries(polyaxonfiles(commits))) await writeFile(join(folder, name), text);
  await remember(folder, { port: portOf(server), account });
  return { folder, server, credentials, env: envFor(folder) };
}

/** Starts the git server of a folder that an earlier demo kept; the catalog follows if its port is taken. */
export async function reopenPlayFolder(folder: string, searchPath: string): Promise<PlayFolder> {
  const { port, account } = JSON.parse(await readFile(join(folder, STATE_FILE), "utf8")) as Remembered;
  const server = await serve({ folder, searchPath, account, port }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    return serve({ folder, searchPath, account });
  });
  const file = join(folder, "bowline.yaml");
  const before = await readFile(file, "utf8");
  const after = before.replaceAll(`http://127.0.0.1:${port}/`, `${server.url}/`);
  if (after !== before) await writeFile(file, after);
  await remember(folder, { port: portOf(server), account });
  return { folder, server, env: envFor(folder) };
}

/** USAGE when a new play folder would mix with somebody's files. */
export function refuseOccupied(folder: string): void {
  if (!existsSync(folder)) return;
  throw new BowlineError({
    code: "USAGE",
    message: `"${folder}" is there already, and no demo made it`,
    hint: "name another folder: bowline demo --keep DIR",
  });
}

/** Holds the port, and the digest of the password. */
const STATE_FILE = ".bowline-demo.json";

function serve(options: {
  folder: string;
  searchPath: string;
  account: Remembered["account"];
  port?: number;
}): Promise<DemoGitServer> {
  const { folder, searchPath, account, port } = options;
  return startDemoGitServer({
    root: join(folder, "repositories"),
    searchPath,
    privateOwners: [PRIVATE_OWNER],
    account,
    ...(port === undefined ? {} : { port }),
  });
}

async function remember(folder: string, state: Remembered): Promise<void> {
  await writeFile(join(folder, STATE_FILE), `${JSON.stringify(state)}\n`, { mode: 0o600 });
}

function portOf(server: DemoGitServer): number {
  return Number(new URL(server.url).port);
}

function envFor(folder: string): Record<string, string> {
  return { BOWLINE_HOME: join(folder, "home"), BOWLINE_CONFIG: join(folder, "bowline.yaml") };
}
