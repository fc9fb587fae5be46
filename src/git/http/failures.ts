import type { IncomingHttpHeaders } from "node:http";
import {
  BowlineError,
  errnoOf,
  limitError,
  ProxyRefusal,
  type ErrorCode,
  type GitUrl,
  type ProblemInput,
} from "../../lib/index.ts";
import { busyError, named } from "../failures.ts";
import { tlsCause } from "./tls-failures.ts";

/** What was asked, as far as it decides how a failure is told. */
export interface Asked {
  url: GitUrl;
  /** Where the credential comes from (Credential.source); absent when none was sent. */
  source?: string | undefined;
  /** The stored secret that it was read from (Credential.secret). */
  secret?: string | undefined;
  /** The proxy in between, without its password. */
  proxy?: string | undefined;
}

/** What of an answer's head decides how its status is told. */
export type TellingHeaders = Pick<IncomingHttpHeaders, "retry-after" | "www-authenticate">;

/** The one table from HTTP status codes to errors; undefined for a status that is none. */
export function statusError(status: number, asked: Asked, headers: TellingHeaders = {}): BowlineError | undefined {
  if (status >= 200 && status < 300) return undefined;
  const wait = millisecondsOf(headers["retry-after"]);
  if (isFault(status) || (status === 403 && wait !== undefined))
    return busyError(perhapsProxy(busyProblem(status, asked), asked), wait);
  const problem = status === 401 ? otherScheme(headers["www-authenticate"], asked) : undefined;
  return new BowlineError(perhapsProxy(problem ?? refusal(status, asked), asked));
}

const NOT_THE_PROXYS = new Set<ErrorCode>(["PROXY_FAILED", "GIT_REPOSITORY_NOT_FOUND"]);

/** Over plain http a proxy answers in the server's name. */
function perhapsProxy(problem: ProblemInput, { url, proxy }: Asked): ProblemInput {
  if (proxy === undefined || url.scheme !== "http" || NOT_THE_PROXYS.has(problem.code)) return problem;
  return { ...problem, message: `${problem.message}; that may be the answer of the proxy "${proxy}" in between` };
}

/** Ways to be let in that take more than one request and its answer. */
const OTHER_SCHEMES = ["Digest", "Negotiate", "NTLM"];

/** The refusal of a server that lets nobody in by what we can send (RFC 9110, section 11.6.1). */
function otherScheme(offered: string | undefined, asked: Asked): ProblemInput | undefined {
  const offers = (scheme: string): boolean => new RegExp(`(^|[,\\s])${scheme}([,\\s]|$)`, "i").test(offered ?? "");
  const others = OTHER_SCHEMES.filter(offers);
  if (others.length === 0 || offers("Basic") || offers("Bearer")) return undefined;
  return {
    code: asked.source === undefined ? "GIT_CREDENTIAL_MISSING" : "GIT_CREDENTIAL_REFUSED",
    message: `"${named(asked.url)}" lets in by ${others.join(" or ")} only, which is not spoken here (401)`,
    hint: "ask whoever runs the server to let in by Basic or Bearer over https, or use an ssh url",
  };
}

/** A refusal in the server's own words, which forges and JGit's servers give with the status 200. */
export function refusalProblem(words: string, asked: Asked): ProblemInput {
  const said = words.slice(0, 300);
  const status = NOT_THERE.test(said) ? 404 : NOT_ALLOWED.test(said) ? 403 : undefined;
  if (status === undefined) {
    const message = `the git server of "${named(asked.url)}" says: ${said}`;
    return { code: "GIT_PROTOCOL", message, hint: "ask whoever runs the server" };
  }
  return refusal(status, asked, `: its server says "${said}"`);
}

const NOT_THERE = /not found|does not exist|doesn't exist|no such/i;
const NOT_ALLOWED = /denied|not (permitted|allowed|authorized|enabled)|unauthorized|forbidden/i;

/** A failure of the connection itself: name, connection, TLS, proxy. */
export function networkError(cause: unknown, asked: Asked): BowlineError {
  if (cause instanceof BowlineError) return cause;
  if (cause instanceof ProxyRefusal) return proxyError(cause.status, asked);
  const errno = errnoOf(cause) ?? "";
  const host = hostOf(asked.url);
  const limit = limitError(`"${host}" cannot be asked`, cause);
  if (limit !== undefined) return limit;
  const whom = asked.proxy === undefined ? `"${host}"` : `"${host}" or the proxy "${asked.proxy}"`;
  const tls = tlsCause(errno, cause);
  if (tls) {
    // what a plain proxy passes on is the host's
    const place = asked.proxy?.startsWith("https:") === true ? whom : `"${host}"`;
    const message = `the TLS connection to ${place} is not acceptable: ${tls.what(asked.url.host, cause)}`;
    return new BowlineError({ code: "TLS_FAILED", message, hint: tls.hint }, { cause });
  }
  // A body that ends too early is such an error, too: then it is the connection that broke.
  if (/^(HPE|Z)_/.test(errno) && errno !== "HPE_INVALID_EOF_STATE") {
    const message = `${whom} does not answer as a web server does (${errno})`;
    return new BowlineError({ code: "GIT_PROTOCOL", message, hint: "check the port in its url" }, { cause });
  }
  if (asked.proxy !== undefined && isUnreached(errno)) {
    return new BowlineError(
      {
        code: "PROXY_FAILED",
        message: `the proxy "${asked.proxy}" cannot be reached (${errno}), on the way to "${host}"`,
        hint: "check `proxy:` of the connection or credentials entry, or the proxy variables; NO_PROXY names hosts without proxy",
      },
      { cause },
    );
  }
  return new BowlineError({ ...connectionProblem(errno, whom, cause), hint: hintFor(errno, asked) }, { cause });
}

/** What a proxy answered when it was asked for a way to the server. */
export function proxyError(status: number, asked: Asked): BowlineError {
  // tinyproxy says 401
  if (status === 407 || status === 401) return new BowlineError(refusal(407, asked, ` (${status})`));
  const message = `the proxy "${asked.proxy ?? ""}" answers ${status}, on the way to "${hostOf(asked.url)}"`;
  if (isFault(status))
    return busyError(
      { code: "HOST_BUSY", message, hint: "the proxy cannot reach the host now: try again later" },
      undefined,
    );
  const hint = "ask whoever runs the proxy to allow CONNECT to this host and port; NO_PROXY names hosts without proxy";
  return new BowlineError({ code: "PROXY_FAILED", message, hint });
}

/** Whether the same request may be answered later. What is beyond 599 is no status of HTTP (RFC 9110, section 15). */
function isFault(status: number): boolean {
  return status === 429 || (status >= 500 && status < 600);
}

/** What the resolver says (getaddrinfo). */
const NO_NAME = /^(ENOTFOUND|EAI_\w+)$/;
/** What the system says of a way that it does not have, or does not let us take (connect). */
const NO_WAY = /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL|EACCES|EPERM)$/;

function isUnreached(errno: string): boolean {
  return NO_NAME.test(errno) || NO_WAY.test(errno) || errno === "ECONNREFUSED" || errno === "ETIMEDOUT";
}

function refusal(status: number, asked: Asked, because?: string): ProblemInput {
  const shown = named(asked.url);
  switch (status) {
    case 401:
      return asked.source === undefined
        ? {
            code: "GIT_CREDENTIAL_MISSING",
            message: `"${shown}" asks for a credential and there is none for this url`,
            hint: 'give the connection a secret, or add an entry to "credentials:" of the config',
          }
        : {
            code: "GIT_CREDENTIAL_REFUSED",
            message: `"${shown}" does not accept the credential of ${asked.source} (401)`,
            hint: `check that the token is whole, has not expired, and goes with its user name${storeAgain(asked.secret)}`,
          };
    case 403:
      return {
        code: "GIT_ACCESS_DENIED",
        message: `"${shown}" does not let ${asked.source ?? "an anonymous client"} read it${because ?? " (403)"}`,
        hint:
          asked.source === undefined ? "give the connection a secret" : "give the token read access to this repository",
      };
    case 404:
    case 410:
      return {
        code: "GIT_REPOSITORY_NOT_FOUND",
        message: `"${shown}" does not exist, or no access${because ?? `: hosts answer ${status} to both`}`,
        hint:
          pageHint(asked.url) ??
          (asked.source === undefined
            ? "check the url; for a private repository give the connection a secret"
            : `check the url, and that the token of ${asked.source} may read this repository`),
      };
    case 407:
      return {
        code: "PROXY_FAILED",
        message:
          asked.proxy === undefined
            ? `"${shown}" is answered by a proxy, which asks for a user name and password (407), and none is set here`
            : `the proxy "${asked.proxy}" asks for a user name and password, or refuses them${because ?? " (407)"}`,
        hint: "put them into the proxy's url: http://USER:PASSWORD@HOST:PORT",
      };
    case 400:
      return {
        code: "GIT_PROTOCOL",
        message: `"${shown}" does not take the request (400)`,
        hint:
          asked.url.scheme === "http"
            ? "check whether the url must begin with https://"
            : "check the url; nginx answers so where it asks for a client certificate, which Bowline has none of",
      };
    case 413:
      return {
        code: "GIT_PROTOCOL",
        message: `"${shown}" does not take a request of this size (413)`,
        hint: "ask whoever runs the server, or the proxy before it, to allow larger ones (nginx: client_max_body_size, Apache httpd: LimitRequestBody)",
      };
    default:
      return {
        code: "GIT_PROTOCOL",
        message: `"${shown}" answers ${status}, which a git server does not`,
        hint: "check that the url is the one that git clone takes, not a page of the web site",
      };
  }
}

function storeAgain(secret: string | undefined): string {
  return secret === undefined ? "" : `; then store it again: bowline secrets set ${secret} POLYAXON_GIT_CREDENTIALS`;
}

/** Where forges show a branch or a file of a repository: what is in a browser's address line when somebody copies it. */
const PAGE = /^(https?:\/\/[^/]+(?:\/[^/]+){2,}?)(?:\/-)?\/(?:tree|blob|src|raw|commits?)\/./;

function pageHint(url: GitUrl): string | undefined {
  const repository = PAGE.exec(named(url))?.[1];
  return repository && `is this a page of the web site? then the repository is "${repository}"`;
}

function busyProblem(status: number, { url }: Asked): ProblemInput {
  return {
    code: "HOST_BUSY",
    message: `"${hostOf(url)}" answers ${status} to "${named(url)}"`,
    hint: status < 500 ? "the host limits requests: try again later" : "the host has a fault: try again later",
  };
}

/** Seconds or a date (RFC 9110, section 10.2.3), which names its month: Node takes "1.5" for one. */
function millisecondsOf(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d+$/.test(retryAfter.trim())) return Number(retryAfter) * 1000;
  const date = /[a-z]{3}/i.test(retryAfter) ? Date.parse(retryAfter) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function connectionProblem(errno: string, whom: string, cause: unknown): Omit<ProblemInput, "hint"> {
  if (NO_NAME.test(errno))
    return { code: "HOST_NOT_FOUND", message: `the name of ${whom} cannot be resolved (${errno})` };
  if (NO_WAY.test(errno)) return { code: "HOST_REFUSED", message: `there is no way to ${whom} (${errno})` };
  switch (errno) {
    case "ECONNREFUSED":
      return { code: "HOST_REFUSED", message: `${whom} refuses the connection` };
    case "ETIMEDOUT":
      return { code: "HOST_TIMEOUT", message: `${whom} does not answer` };
    default:
      return { code: "HOST_REFUSED", message: `${whom} ended the connection (${errno || String(cause)})` };
  }
}

function hintFor(errno: string, { url, proxy }: Asked): string {
  if (NO_NAME.test(errno)) return "check the host name in the url, and this machine's name server";
  if (errno === "ECONNREFUSED") return `check the host and port in "${named(url)}", and whether the server runs`;
  if (proxy !== undefined) return `check the proxy "${proxy}" in between, and whether it is one`;
  if (errno === "ECONNRESET" && url.scheme === "http") return "check whether the url must begin with https://";
  return "check the network of this machine, and whether a proxy is needed";
}

function hostOf(url: GitUrl): string {
  return url.port === undefined ? url.host : `${url.host}:${url.port}`;
}
