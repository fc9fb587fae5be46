import { rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { BowlineError, shownUrl, type Problem, type ProblemInput } from "../../lib/index.ts";
import type { Access } from "../access.ts";
import { tooLarge } from "../objects/byte-budget.ts";
import { writtenBytes } from "./budget.ts";
import { certificateFile, trustedCertificates } from "../http/trust.ts";
import { lfsConfig } from "./lfs-config.ts";
import { lfsEndpoint, type LfsEndpoint } from "./lfs-endpoint.ts";
import { lfsPointers, usesLfs, type LfsPointer } from "./lfs-pointers.ts";
import { watchContents } from "./lfs-watch.ts";
import { openGit, type Git } from "../process/open-git.ts";
import type { GitRequest } from "../request.ts";

export interface LfsOptions {
  request: GitRequest;
  /** Where the repository came from. */
  access: Access;
  /** The checked out files with their `.git`. */
  tree: string;
  /** git as it was set up for this tree. */
  git: Git;
  /** A private folder. */
  folder: string;
  signal: AbortSignal;
}

export interface LfsResult {
  /** Of the contents that came. */
  bytes: number;
  warnings: Problem[];
  /** Where they came from, when any were needed. */
  from?: Access;
}

/**
 * Where `lfs` is asked for, puts the contents into the place of their pointers, by git-lfs with an environment and configuration of our own: only for files that are checked out, and
 * with the credential for its own server only. No filter stays configured; the index knows the files as they are, so that `git status` is clean without git-lfs.
 */
export async function addContents(options: LfsOptions): Promise<LfsResult> {
  const { request, tree } = options;
  if (!request.options.lfs) return { bytes: 0, warnings: (await usesLfs(tree)) ? [lfsOffWarning(request.url)] : [] };
  request.onEvent?.({ phase: "lfs", state: "start" });
  const result = await fetchContents(options);
  request.onEvent?.({ phase: "lfs", state: "end", detail: `${result.bytes} bytes` });
  return result;
}

/** As many stall limits may pass without anything new: git-lfs tries again by itself. */
const PATIENCE = 4;

async function fetchContents(options: LfsOptions): Promise<LfsResult> {
  const { request, tree, git, folder, signal } = options;
  const pointers = await lfsPointers(git, tree);
  if (pointers.length === 0) return { bytes: 0, warnings: [] };
  const bytes = pointers.reduce((sum, { size }) => sum + size, 0);
  const { maxBytes } = request.policy;
  if (maxBytes !== undefined && bytes + (await writtenBytes(tree)) > maxBytes) throw tooLarge(request.url, maxBytes);
  await checkGitLfs(git);
  const endpoint = await lfsEndpoint(options);
  const storage = join(folder, "lfs");
  const certificates = await certificateFile(
    await trustedCertificates(request.network, endpoint.access.credential?.ca),
    request.cache ?? folder,
  );
  const config = lfsConfig({
    endpoint,
    storage,
    certificates,
    network: request.network,
    timeouts: request.policy.timeouts,
  });
  const lfs = await openGit({ ...request, access: withoutHeader(endpoint.access), folder, signal, config });
  const patience = PATIENCE * request.policy.timeouts.stall;
  const watch = watchContents({ storage, tree, pointers, patience, url: endpoint.url });
  try {
    await replacePointers(lfs, { pointers, tree, endpoint, signal: watch.signal });
  } finally {
    await watch.stop();
    await lfs.close();
    await rm(storage, { recursive: true, force: true });
  }
  const left = await lfsPointers(git, tree);
  return {
    bytes,
    from: endpoint.access,
    warnings: [...endpoint.warnings, ...(left.length === 0 ? [] : [pointersLeft(left)])],
  };
}

/** For a repository whose pointers stay. */
function lfsOffWarning(url: string): Problem {
  return {
    code: "LFS_OFF",
    message: `"${shownUrl(url)}" keeps files with LFS: their pointers are checked out, not their contents`,
    hint: "add `lfs: true` to the git step to have the contents",
  };
}

async function checkGitLfs(git: Git): Promise<void> {
  const { code } = await git.run(["lfs", "version"], { expected: [1, 2, 127, 128] });
  if (code === 0) return;
  throw new BowlineError({
    code: "GIT_MISSING",
    message: "git-lfs is not installed, and the repository keeps files with LFS",
    hint: "install it (Debian, Ubuntu: apt-get install git-lfs; macOS: brew install git-lfs), or leave `lfs` out",
  });
}

/** The credential is given by lfsConfig, for the server's own interface only; a header for everything below the url would go along with the one that a server gives for its objects. */
function withoutHeader({ url, credential }: Access): Access {
  if (credential === undefined) return { url };
  const { http: _, ...rest } = credential;
  return { url, credential: rest };
}

interface Replacing {
  pointers: LfsPointer[];
  tree: string;
  endpoint: LfsEndpoint;
  signal: AbortSignal;
}

async function replacePointers(git: Git, { pointers, tree, endpoint, signal }: Replacing): Promise<void> {
  // what a filter gives git holds in memory, however large
  const env = { GIT_LFS_SKIP_SMUDGE: "0", GIT_ALLOC_LIMIT: "0" };
  const input = pointers.map(({ path }) => `${path}\0`).join("");
  // git writes only what is not there as the index has it.
  for (const { path } of pointers) await rm(join(tree, path));
  const checkout = ["--literal-pathspecs", "checkout", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul"];
  const { code, stderr } = await git.run(checkout, { cwd: tree, input, env, signal, expected: [1, 2, 128] });
  if (code !== 0) throw new BowlineError(lfsProblem(stderr, endpoint));
  // A file as old as the index is read again by each `git status` (racy-git), and then differs from its pointer: so they are made older.
  const before = new Date(Date.now() - 10_000);
  for (const { path } of pointers) await utimes(join(tree, path), before, before);
  await git.run(["update-index", "-q", "--refresh"], { cwd: tree, env, expected: [1] });
}

function pointersLeft(left: LfsPointer[]): Problem {
  return {
    code: "LFS_POINTERS_LEFT",
    message: `${left.length} LFS pointers stay as they are ("${left[0]!.path}" …): .lfsconfig of the repository leaves them out`,
    hint: "correct lfs.fetchinclude and lfs.fetchexclude in .lfsconfig",
  };
}

/** What git-lfs (3.x, in English) says went wrong. */
function lfsProblem(stderr: string, { access, url }: LfsEndpoint): ProblemInput {
  const shown = shownUrl(url);
  const line =
    stderr.split("\n").find((one) => /batch response|Smudge error|Fatal error|error:/i.test(one)) ??
    stderr.trim().split("\n")[0] ??
    "";
  const said = line.replace(/^.*?(batch response: |Smudge error: Error downloading \S+ \([^)]*\): )/, "").slice(0, 300);
  const problem = (code: ProblemInput["code"], message: string, hint: string): ProblemInput => ({
    code,
    message: `the LFS server "${shown}" ${message}`,
    hint,
  });
  if (
    /credentials for .* not found|Authentication required|Authorization error|could not read (Username|Password)/i.test(
      stderr,
    )
  ) {
    return access.credential === undefined
      ? problem(
          "GIT_CREDENTIAL_MISSING",
          "asks for a credential and there is none for this url",
          "give the connection a secret, or add an entry to `credentials:`",
        )
      : problem(
          "GIT_CREDENTIAL_REFUSED",
          `does not accept the credential of ${access.credential.source}`,
          "check that the token may read LFS objects too",
        );
  }
  if (/too many open files/i.test(stderr))
    return problem(
      "LFS_FAILED",
      "refuses an object again and again (401), after it said that none of them needs a credential",
      "ask whoever runs the server",
    );
  if (/out of memory|cannot allocate memory/i.test(stderr))
    return problem("LFS_FAILED", "sends more than git-lfs is given memory for", "ask whoever runs the server");
  if (/no such host|Could not resolve/i.test(stderr))
    return problem("HOST_NOT_FOUND", "cannot be found by name", "check lfs.url in .lfsconfig");
  if (/connection refused/i.test(stderr))
    return problem("HOST_REFUSED", "refuses the connection", "check the host and port of the LFS server");
  if (/x509|certificate/i.test(stderr))
    return problem(
      "TLS_FAILED",
      `is not acceptable: ${said}`,
      "put the authority's certificate into the secret as ca.crt",
    );
  if (/i\/o timeout|deadline exceeded|timed out/i.test(stderr))
    return problem("HOST_TIMEOUT", "does not answer in time", "try again later; policy.timeouts sets the time");
  return problem(
    "LFS_FAILED",
    `does not give an object: ${said}`,
    "check that the object was pushed (`git lfs push --all`), and that the server has LFS switched on",
  );
}
