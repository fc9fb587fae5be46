import type { RecordedRequest } from "./recorded-request.ts";

/** How a stand-in behaves like a well-known host, where that differs from git's own server. */
export type ForgeName =
  | "plain"
  | "github"
  | "gitlab"
  | "bitbucket"
  | "azure-devops"
  /** Answers every request with 307 to the same path on another host (`redirectTo`). */
  | "redirecting"
  /** Only files, as any web server gives them. */
  | "dumb"
  /** git's own server before protocol v2: 200 and an empty body to a v2 `ls-refs`. */
  | "v0"
  /** git's own server between the two: v0 after a line that says `version 1`. */
  | "v1"
  /** As v0, but 500 to what it does not know: a v2 `ls-refs`, or the word `filter`. */
  | "dulwich"
  /** As v0, but no answer at all to a command of v2, as node-git-server. */
  | "silent"
  /** As v0, but an error packet to a command of v2, as JGit's servers before 5.1. */
  | "jgit";

export interface Forge {
  /** Whether protocol v2 is spoken; otherwise the client's wish for it is not heard. */
  v2: boolean;
  /** What is spoken instead, as a client would ask for it. */
  instead?: string;
  /** Answer to somebody who is known, for a repository that he may not see. */
  denied: number;
  /** Answer to nobody for a repository that is not there. */
  absent: 401 | 404;
  /** Whether `/org/repo` is served as `/org/repo.git` is. */
  withoutSuffix: boolean;
  /** An answer before anything else is looked at. */
  early?: (request: RecordedRequest, options: ForgeOptions) => EarlyAnswer | undefined;
}

export interface ForgeOptions {
  /** Scheme, host and port of this server. */
  url: string;
  redirectTo?: string;
  /** Old path of a repository to its new one: `{"org/old": "org/new"}`. */
  renamed?: Record<string, string>;
}

export interface EarlyAnswer {
  /** No answer, and the connection stays open. */
  silent?: true;
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

const PLAIN: Forge = { v2: true, denied: 403, absent: 404, withoutSuffix: true, early: renamed };

export const FORGES: Record<ForgeName, Forge> = {
  plain: PLAIN,
  github: {
    ...PLAIN,
    denied: 404,
    absent: 401,
    early: (request, options) => needsGitAgent(request) ?? renamed(request, options),
  },
  gitlab: { ...PLAIN, denied: 404, absent: 401, withoutSuffix: false, early: gitlabSuffix },
  bitbucket: {
    ...PLAIN,
    denied: 403,
    early: (request, options) => needsGitAgent(request) ?? renamed(request, options),
  },
  "azure-devops": { ...PLAIN, v2: false, denied: 404, absent: 401, early: needsMultiAck },
  redirecting: {
    ...PLAIN,
    early: ({ path }, { redirectTo = "" }) => ({ status: 307, headers: { location: redirectTo + path } }),
  },
  dumb: { ...PLAIN, v2: false },
  v0: { ...PLAIN, v2: false },
  v1: { ...PLAIN, v2: false, instead: "version=1" },
  dulwich: {
    ...PLAIN,
    v2: false,
    early: ({ body }) => (isLsRefs(body) || asksToFilter(body) ? { status: 500 } : undefined),
  },
  silent: { ...PLAIN, v2: false, early: ({ body }) => (isCommand(body) ? { silent: true, status: 0 } : undefined) },
  jgit: { ...PLAIN, v2: false, early: ({ body }) => otherWords(body) },
};

function needsGitAgent({ headers }: RecordedRequest): EarlyAnswer | undefined {
  if (/\bgit\/(2|1\.([7-9]|6\.6))/.test(headers["user-agent"] ?? "")) return undefined;
  return { status: 403, headers: { "content-type": "text/html" }, body: "<html>Please use git.</html>" };
}

function renamed({ path }: RecordedRequest, { url, renamed: names = {} }: ForgeOptions): EarlyAnswer | undefined {
  for (const [from, to] of Object.entries(names)) {
    const rest = path.startsWith(`/${from}`) ? path.slice(from.length + 1) : undefined;
    if (rest !== undefined && /^(\.git)?(\/|$)/.test(rest))
      return { status: 301, headers: { location: `${url}/${to}${rest}` } };
  }
  return undefined;
}

/** GitLab has one redirect, for `GET …/info/refs` without `.git`; a POST there is a page that does not exist. */
function gitlabSuffix(request: RecordedRequest, options: ForgeOptions): EarlyAnswer | undefined {
  const { method, path } = request;
  const place = /^(\/.*?)(\/info\/refs(\?.*)?)$/.exec(path);
  if (method === "GET" && place !== null && !place[1]?.endsWith(".git")) {
    return { status: 301, headers: { location: `${options.url}${place[1]}.git${place[2]}` } };
  }
  if (/(?<!\.git)\/(git-upload-pack|git-receive-pack|info\/lfs\/.*)$/.test(path)) return { status: 404 };
  return renamed(request, options);
}

/** Azure DevOps speaks v0 only, and only with clients that have `multi_ack`. */
function needsMultiAck({ method, path, body }: RecordedRequest): EarlyAnswer | undefined {
  if (method !== "POST" || !path.endsWith("/git-upload-pack") || body.includes("multi_ack")) return undefined;
  return { status: 400, body: "TF401041: The client must support the multi_ack capability." };
}

function otherWords(body: Buffer): EarlyAnswer | undefined {
  const word = /^[0-9a-f]{4}(command=\S+)/.exec(body.toString("latin1"))?.[1];
  if (word === undefined) return undefined;
  const words = `ERR expected 'want', got '${word}'`;
  const packet = (words.length + 4).toString(16).padStart(4, "0") + words;
  return { status: 200, headers: { "content-type": "application/x-git-upload-pack-result" }, body: packet };
}

function isCommand(body: Buffer): boolean {
  return /^[0-9a-f]{4}command=/.test(body.toString("latin1"));
}

function asksToFilter(body: Buffer): boolean {
  return /^[0-9a-f]{4}want [^\n]* filter\b/.test(body.toString("latin1"));
}

function isLsRefs(body: Buffer): boolean {
  return body.includes("command=ls-refs");
}
