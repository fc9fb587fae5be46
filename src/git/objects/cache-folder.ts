import { createHmac, randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createPrivateFile,
  errnoOf,
  makePrivateFolder,
  readPlainFile,
  readRecord,
  writeError,
  writePrivateFile,
} from "../../lib/index.ts";
import type { Access } from "../access.ts";
import { digest } from "./digest.ts";
import type { GitRequest } from "../request.ts";

/** The part of the cache that belongs to one url and credential domain. */
export interface CacheFolder {
  /** The whole cache. */
  root: string;
  /** Of this url and domain. */
  repository: string;
  /** Names a credential without telling anything of it; `anonymous` where there is none. */
  credentialMark: (access: Access) => string;
}

/** A path in the cache: what lies where. */
export const REPOSITORIES = "repositories";
const ABOUT = "about.json";

/** What `about.json` of a repository's folder says. */
interface AboutRepository {
  url: string;
  /** Scope of the credential; absent for what needs none. */
  scope?: string;
}

/**
 * Makes the folder of this url, and of this domain: the scope of the credential it is asked with, or that there is none. A credential that is
 * replaced (a new token for each job) thus keeps its cache; whether the new one may see a commit is asked. Undefined without a cache.
 * Throws DISK_FULL or DISK_NOT_WRITABLE where it cannot be written.
 */
export async function openCacheFolder(
  request: Pick<GitRequest, "cache" | "policy">,
  access: Access,
): Promise<CacheFolder | undefined> {
  const { cache: root, policy } = request;
  if (root === undefined) return undefined;
  const scope = access.credential?.scope;
  // what was checked less strictly is not for those who check more
  const ignored = [...policy.fsck.ignore].sort();
  const repository = join(root, REPOSITORIES, digest([access.url.href, scope ?? null, ignored]));
  await makePrivateFolder(join(repository, "trees"));
  const about: AboutRepository = { url: access.url.text, ...(scope !== undefined && { scope }) };
  await writeFile(join(repository, ABOUT), JSON.stringify(about), { mode: 0o600, flag: "wx" }).catch(unlessThere);
  const key = await cacheKey(root);
  return { root, repository, credentialMark: ({ credential }) => markOf(credential, key) };
}

export async function readAbout(repository: string): Promise<AboutRepository | undefined> {
  const { url, scope } = (await readRecord(join(repository, ABOUT))) ?? {};
  return typeof url === "string" ? { url, ...(typeof scope === "string" && { scope }) } : undefined;
}

function markOf(credential: Access["credential"], key: Buffer): string {
  if (credential === undefined) return "anonymous";
  const { scope, http, ssh } = credential;
  return createHmac("sha256", key)
    .update(JSON.stringify([scope, http ?? null, ssh ?? null]))
    .digest("hex")
    .slice(0, 32);
}

/** Made once per cache; when it is lost, each credential is asked about once more. */
async function cacheKey(root: string): Promise<Buffer> {
  const path = join(root, "key");
  const kept = await readPlainFile(path).catch(() => undefined);
  if (kept?.length === 32) return kept;
  await makePrivateFolder(root);
  const made = randomBytes(32);
  if (kept === undefined && (await createPrivateFile(path, made))) return made;
  const other = await readPlainFile(path).catch(() => undefined);
  if (other?.length === 32) return other;
  // whatever has its name is none
  await rm(path, { recursive: true, force: true });
  await writePrivateFile(path, made);
  return made;
}

function unlessThere(cause: unknown): void {
  if (errnoOf(cause) !== "EEXIST") throw writeError("the cache", cause);
}
