import { BowlineError, type ErrorCode, type GitUrl, type ProblemInput } from "../../lib/index.ts";
import type { Access } from "../access.ts";
import { named } from "../failures.ts";
import type { GitExit } from "./git-process.ts";
import { networkError, proxyError, refusalProblem, statusError, type Asked } from "../http/failures.ts";
import { redirectRefused } from "../http/redirect.ts";
import { sshProblem } from "../ssh/ssh-errors.ts";

export interface Attempt {
  access?: Access | undefined;
  connection?: string | undefined;
  /** The proxy in between, without its password. */
  proxy?: string | undefined;
  command: readonly string[];
}

/** What git's own words (in the C locale, secrets masked) say went wrong, as an error of ours. */
export function gitFailure({ code, stderr }: GitExit, attempt: Attempt): BowlineError {
  const { access, connection, command, proxy } = attempt;
  const local = localProblem(stderr, command);
  if (local) return new BowlineError(local);
  if (access !== undefined) {
    const { url, credential } = access;
    const remote =
      url.scheme === "ssh"
        ? asError(sshProblem(stderr, { url, connection, withKey: credential?.ssh !== undefined }))
        : httpError(stderr, access, proxy);
    const problem = remote ?? asError(transferProblem(stderr, url));
    if (problem) return problem;
  }
  return new BowlineError({
    code: access === undefined ? "INTERNAL" : "GIT_PROTOCOL",
    message: `git ${command.find((word) => !word.startsWith("-")) ?? ""} failed (exit code ${code}): ${lastWords(stderr)}`,
    hint: access === undefined ? "report this as a bug" : `try it with git: git ls-remote ${named(access.url)}`,
  });
}

/** Whether git says that the server gives out only what its references point to (protocol v0). */
export function isUnadvertised(error: unknown): boolean {
  return error instanceof BowlineError && /unadvertised object/i.test(error.message);
}

/** Whether git misses objects in what came. */
export function isIncomplete(error: unknown): boolean {
  return error instanceof BowlineError && /did not send all necessary objects/i.test(error.message);
}

/** Whether git says that the server is a mere folder of files over http, of which it cannot ask for a part. */
export function isDumbHttp(error: unknown): boolean {
  return error instanceof BowlineError && /dumb http transport does not support/i.test(error.message);
}

/** Whether git says that the server does not know filters and sent everything. */
export function isFilterIgnored(stderr: string): boolean {
  return /filtering not recognized by server/i.test(stderr);
}

function asError(problem: ProblemInput | undefined): BowlineError | undefined {
  return problem && new BowlineError(problem);
}

/** What concerns this machine and the content, over any transport. */
function localProblem(stderr: string, command: readonly string[]): ProblemInput | undefined {
  const own = stderr.replace(/^remote: .*$/gm, "");
  const row = LOCAL.find(({ words, of }) => words.test(own) && (of === undefined || command.includes(of)));
  const { words, reason = words } = row ?? {};
  const said = lastWords(own, reason?.test(own) === true ? reason : words);
  return row && { code: row.code, message: `${row.what}: ${said}`, hint: row.hint };
}

interface Row {
  words: RegExp;
  /** The line that says more than these words, where there is one. */
  reason?: RegExp;
  /** The command that says so; any when absent. */
  of?: string;
  code: ErrorCode;
  what: string;
  hint: string;
}

const REFUSED: Omit<Row, "words"> = {
  code: "SYSTEM_LIMIT",
  what: "this machine does not let git do its work",
  hint: "see whether memory, processes or open files are short (ulimit -a, the container's limits), or somebody ended git; then run the command again",
};

const LOCAL: Row[] = [
  {
    // curl says it of a head that is longer than it reads
    words: /attempting to allocate \d+ over limit|(?<!curl 27 )Out of memory/,
    code: "GIT_TOO_LARGE",
    what: "the repository holds what takes git more memory than it is given",
    hint: "keep files of this size in LFS, or elsewhere",
  },
  {
    words:
      /[Cc]annot fork|failed to spawn|Resource temporarily unavailable|Too many open files|Cannot allocate memory|ended by SIG(KILL|TERM|HUP|INT|QUIT|XCPU)|died of signal (9|15)$/m,
    ...REFUSED,
  },
  // a number is the system's, as 24 for too many open files; a library that is not there is named
  {
    words: /error while loading shared libraries: .*: (Error \d+|failed to map|cannot (map|allocate|create))/,
    ...REFUSED,
  },
  // one of its writers is gone
  { words: /packet write failed: Broken pipe/, of: "read-tree", ...REFUSED },
  {
    words: /ended by SIGXFSZ|died of signal 25$|File too large/m,
    code: "DISK_NOT_WRITABLE",
    what: "the repository has a file that is larger than this user may write",
    hint: "raise the limit for the size of a file: ulimit -f",
  },
  {
    // one that is kept may be damaged instead, and is set aside
    words:
      /--stdin requires a git repository|not a git repository(: '[^']*\/(incoming\/[^/']+|tree\/\.git)'| \(or any)|Unable to read current working directory/,
    code: "DISK_NOT_WRITABLE",
    what: "the folder in which git was at work is gone, or cannot be read",
    hint: "see what removes folders there, and whether open files are short (ulimit -n), then run the command again",
  },
  {
    words: /No space left on device|Disk quota exceeded|Out of diskspace/i,
    code: "DISK_FULL",
    what: "no space is left for the repository",
    hint: "free some space, or use another folder",
  },
  {
    words:
      /Read-only file system|Input\/output error|Stale file handle|fsync error on|((cannot|could not|unable to|failed to) (access|create|write|open|mkdir|read|rename|stat|unlink)|Invalid path ').*(Permission denied|Operation not permitted|Text file busy|resource busy)/i,
    code: "DISK_NOT_WRITABLE",
    what: "the repository cannot be written or read",
    hint: "make the folder writable for this user, or use another one; see whether its disk is at fault",
  },
  {
    // of a name of 4 kB git leaves no room for the reason
    words: /File ?name too long|open file '[^']{256}|create symlink .*No such file|ended by SIG(SEGV|BUS|ABRT)/,
    code: "GIT_CONTENT_REFUSED",
    what: "the repository has paths that git or the file system here cannot hold",
    hint: "have them shortened in the repository, or ask for other folders only: sparse",
  },
  {
    words:
      /fsck error|object corrupt or missing|invalid path '|error: object [0-9a-f]+: |empty filename in tree entry|malformed mode in tree entry/,
    reason: /^error: object [0-9a-f]+: /m,
    code: "GIT_CONTENT_REFUSED",
    what: "the repository holds what must not be written to this machine",
    hint: "have the repository repaired; for a harmless fault of old history add its name to policy.fsck.ignore of the config",
  },
  {
    // git does not say why; what else could be (rights, names, a read-only disk) it names
    words: /unable to write file|unable to write (new index|object)|write error$/m,
    code: "DISK_FULL",
    what: "the files cannot be written: the disk is full, or at fault",
    hint: "free some space, or use another folder",
  },
  {
    words: /'(remote-https?|index-pack|read-tree)' is not a git command|unable to find remote helper/,
    code: "GIT_MISSING",
    what: "git is here without a part of it",
    hint: "install the whole of git",
  },
];

function httpError(stderr: string, access: Access, proxy: string | undefined): BowlineError | undefined {
  const { url, credential } = access;
  const asked: Asked = { url, source: credential?.http && credential.source, proxy };
  const words = /^fatal: remote error: (.*)/m.exec(stderr)?.[1];
  if (words !== undefined && !/not our ref|unadvertised/i.test(words)) return asError(refusalProblem(words, asked));
  const redirect = /unable to update url base from redirection|redirect(?:ed|ion)?.*?(https?:\S+)/i.exec(stderr);
  const status = /returned error: (\d{3})|HTTP code (\d{3})|HTTP (\d{3}) curl/.exec(stderr);
  const number = Number(status?.[1] ?? status?.[2] ?? status?.[3]);
  if (number >= 300 && number < 400) return redirectRefused(access, redirect?.[1] ?? "another place");
  if (/Authentication failed|could not read (Username|Password)/.test(stderr)) return statusError(401, asked);
  if (/repository '.*' not found/.test(stderr)) return statusError(404, asked);
  const [, told, refused = told] =
    /HTTP code (\d{3}) from proxy|CONNECT tunnel failed, response (\d{3})/.exec(stderr) ?? [];
  if (refused !== undefined) return proxyError(Number(refused), asked);
  if (/Proxy CONNECT aborted/.test(stderr)) return proxyError(407, asked);
  if (number >= 400) return statusError(number, asked);
  const row = CURL.find(({ words }) => words.test(stderr));
  if (row === undefined) return undefined;
  const cause = Object.assign(new Error(lastWords(stderr, row.words)), { code: row.errno });
  // Where there is a proxy it is the only place that is connected to; a stall later on may be the server's.
  const connecting = /Failed to connect|Couldn't connect|Could not resolve (host|proxy)/i.test(stderr);
  return networkError(cause, { ...asked, proxy: connecting ? proxy : undefined });
}

/** curl's words and the system's name for the same fault. */
const CURL: { words: RegExp; errno: string }[] = [
  { words: /Could not resolve (host|proxy)/, errno: "ENOTFOUND" },
  { words: /certificate has expired/, errno: "CERT_HAS_EXPIRED" },
  { words: /certificate is not yet valid/, errno: "CERT_NOT_YET_VALID" },
  // all that GnuTLS has to say
  { words: /certificate verification failed/, errno: "CERT_REJECTED" },
  {
    words: /self[- ]signed certificate|unable to get (local )?issuer|unable to verify/i,
    errno: "SELF_SIGNED_CERT_IN_CHAIN",
  },
  {
    words: /no alternative certificate subject name|does not match target host/i,
    errno: "ERR_TLS_CERT_ALTNAME_INVALID",
  },
  { words: /SSL certificate problem|SSL routines|gnutls_handshake|TLS connect error/i, errno: "EPROTO" },
  { words: /Operation too slow|timed out|Timeout was reached/i, errno: "ETIMEDOUT" },
  { words: /Failed to connect|Connection refused|Couldn't connect/i, errno: "ECONNREFUSED" },
];

/** How index-pack says that a pack, or what it holds, is not whole. */
const BROKEN_PACK =
  /^fatal: (pack (has|is|signature)|invalid (blob|tree|commit|tag)|did not receive|The same object .* twice)/m;

/** What goes wrong in the conversation itself, http or not. */
function transferProblem(stderr: string, url: GitUrl): ProblemInput | undefined {
  if (BROKEN_PACK.test(stderr)) {
    return {
      code: "GIT_PROTOCOL",
      message: `what "${named(url)}" sends as a pack is none: ${lastWords(stderr, BROKEN_PACK)}`,
      hint: "ask whoever runs the server",
    };
  }
  if (/not our ref|couldn't find remote ref|unadvertised object|no such remote ref/i.test(stderr)) {
    return {
      code: "GIT_REVISION_NOT_FOUND",
      message: `"${named(url)}" does not give the commit: ${lastWords(stderr)}`,
      hint: "check whether the commit was pushed, and to this repository",
    };
  }
  if (
    /early EOF|unexpected disconnect|hung up unexpectedly|RPC failed|Connection reset|Empty reply|transfer closed/i.test(
      stderr,
    )
  ) {
    return {
      code: "HOST_REFUSED",
      message: `"${url.host}" ended the connection in the middle: ${lastWords(stderr)}`,
      hint: "try again; check the network of this machine, and whether a proxy is needed",
    };
  }
  // its upload-pack ended; why, it says to its own log at most
  if (/^fatal: expected '(packfile|acknowledgments)'/m.test(stderr)) {
    return {
      code: "GIT_PROTOCOL",
      message: `the server of "${named(url)}" ends its answer where the pack should begin: it may not be able to read the repository itself`,
      hint: "ask whoever runs the server to look at its log, and at the repository with: git fsck",
    };
  }
  if (/does not appear to be a git repository|Could not read from remote/i.test(stderr)) {
    return {
      code: "GIT_REPOSITORY_NOT_FOUND",
      message: `"${named(url)}" is not a git repository, or not for this user${serverSays(stderr)}`,
      hint: "check the url, and whether this user may read the repository",
    };
  }
  return undefined;
}

/** What an ssh server said before git gave up: gitolite and others have reasons of their own. */
function serverSays(stderr: string): string {
  const before = /^([^]*?)^fatal: Could not read from remote/m.exec(stderr)?.[1] ?? "";
  return before.trim() === "" ? "" : `: its server says "${lastWords(before)}"`;
}

/** The line that says it, or the last one with a meaning. */
function lastWords(stderr: string, words = /^(fatal|error|remote): /i): string {
  const lines = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const line = lines.findLast((one) => words.test(one)) ?? lines.at(-1) ?? "it says nothing";
  return line.replace(/^(fatal|error|remote): /i, "").slice(0, 300);
}
