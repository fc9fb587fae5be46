import { join } from "node:path";
import { BowlineError } from "../../lib/index.ts";
import type { Access } from "../access.ts";
import { startDeadline } from "../deadline.ts";
import { makeEmptyRepository } from "../objects/empty-repository.ts";
import { isUnadvertised } from "../process/git-failure.ts";
import { withGit } from "../process/with-git.ts";
import type { GitRequest } from "../request.ts";
import { refsOfLines } from "./ls-refs.ts";
import type { OpenSession } from "./open-session.ts";
import type { Ref, ServerFeatures } from "./session.ts";

/** A session over ssh or file: git speaks, one process for all references. */
export function openGitSession(access: Access, request: GitRequest, signal: AbortSignal): OpenSession {
  let all: Promise<Ref[]> | undefined;
  return {
    protocol: access.url.scheme === "ssh" ? "ssh" : "file",
    url: access.url.href,
    capabilities: new Set<string>(),
    async listRefs(prefixes) {
      const refs = await (all ??= listAllRefs({ access, request, signal }).catch((error: unknown) => {
        all = undefined;
        throw error;
      }));
      return refs.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
    },
    async hasObject(object) {
      return probeObject({ access, request, signal }, object);
    },
    features: () => askFeatures({ access, request, signal }),
    close: () => undefined,
  };
}

interface Reach {
  access: Access;
  request: GitRequest;
  signal: AbortSignal;
}

async function listAllRefs(reach: Reach): Promise<Ref[]> {
  return withGit({ ...reach.request, ...reach }, async (git) => {
    const { stdout } = await git.run(["ls-remote", "--quiet", "--symref", "--", reach.access.url.remote]);
    return refsOfLines(stdout.toString("utf8").split("\n").filter(Boolean)) ?? [];
  });
}

/** git shows what a server said of itself in its trace only: a v2 line `fetch=shallow …`, or what follows the first reference. */
async function askFeatures(reach: Reach): Promise<ServerFeatures> {
  const deadline = startDeadline(reach.request.policy.timeouts.resolve, {
    what: `asking "${reach.access.url.text}" what it can do`,
    hint: "try again",
    signal: reach.signal,
  });
  const said: string[] = [];
  const onLine = (line: string): void => {
    const words = /^.*packet: +ls-remote< (?:fetch=|\S+ \S+\\0)(.*)$/.exec(line)?.[1];
    if (words !== undefined) said.push(...words.split(" "));
  };
  try {
    await withGit({ ...reach.request, ...reach, signal: deadline.signal }, async (git) => {
      const words = ["ls-remote", "--quiet", "--", reach.access.url.remote, "refs/heads/bowline"];
      await git.run(words, { onLine, env: { GIT_TRACE_PACKET: "2" } });
    });
  } finally {
    deadline.clear();
  }
  return said.length === 0 ? {} : { shallow: said.includes("shallow"), filter: said.includes("filter") };
}

/** Asks for the object alone; as soon as a pack begins to come it is known to be there, and the rest is not waited for. */
async function probeObject(reach: Reach, object: string): Promise<boolean | undefined> {
  return withGit({ ...reach.request, ...reach }, async (git, folder) => {
    const gitFolder = join(folder, "probe.git");
    await makeEmptyRepository({ gitFolder, commit: object, bare: true });
    const begun = new AbortController();
    const onLine = (line: string): void => {
      if (/^(remote: |Receiving|Unpacking)/.test(line)) begun.abort();
    };
    const what = ["--depth=1", "--filter=tree:0", "--no-tags", "--no-write-fetch-head", "--progress"];
    try {
      const signal = AbortSignal.any([reach.signal, begun.signal]);
      await git.run([`--git-dir=${gitFolder}`, "fetch", ...what, "--", reach.access.url.remote, object], {
        onLine,
        signal,
      });
      return true;
    } catch (error) {
      if (begun.signal.aborted && !reach.signal.aborted) return true;
      if (isUnadvertised(error)) return undefined;
      if (error instanceof BowlineError && error.code === "GIT_REVISION_NOT_FOUND") return false;
      throw error;
    }
  });
}
