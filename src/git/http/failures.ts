import { BowlineError, errnoOf, limitError, ProxyRefusal, type GitUrl, type ProblemInput } from "../../lib/index.ts";
import { busyError, named } from "../failures.ts";

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

/** The one table from HTTP status codes to errors; undefined for a status that is none. */
export function statusError(status: number, asked: Asked, retryAfter?: string): BowlineError | undefined {
  if (status >= 200 && status < 300) return undefined;
  const wait = millisecondsOf(retryAfter);
  const busy = isFault(status) || (status === 403 && wait !== undefined);
  const problem = busy ? busyProblem(status, asked) : refusal(status, asked);
  return busy ? busyError(problem, wait) : new BowlineError(problem);
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
  const tls = TLS_CAUSES[errno] ?? (/^ERR_(SSL|TLS)_|^EPROTO$|^CERT_/.test(errno) ? otherTls(cause) : undefined);
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
  if (status === 407) return new BowlineError(refusal(status, asked));
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
        message: `the proxy "${asked.proxy ?? ""}" asks for a user name and password, or refuses them (407)`,
        hint: "put them into the proxy's url: http://USER:PASSWORD@HOST:PORT",
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

interface TlsCause {
  what: (host: string, cause: unknown) => string;
  hint: string;
}

const UNKNOWN_AUTHORITY: TlsCause = {
  what: () => "its certificate is self-signed or signed by an authority that is not known here",
  hint: "put the authority's certificate into the connection's secret as ca.crt, or name a bundle with SSL_CERT_FILE",
};

const TLS_CAUSES: Record<string, TlsCause | undefined> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_REJECTED: {
    what: () =>
      `its certificate is self-signed, signed by an authority that is not known here, has expired or is not valid yet (this machine's clock says ${new Date().toISOString()})`,
    hint: "put the authority's certificate into the connection's secret as ca.crt, or name a bundle with SSL_CERT_FILE; for an expired one ask whoever runs the host",
  },
  CERT_HAS_EXPIRED: {
    what: () => `its certificate has expired (this machine's clock says ${new Date().toISOString()})`,
    hint: "ask whoever runs the host to renew it, or set this machine's clock",
  },
  CERT_NOT_YET_VALID: {
    what: () => `its certificate is not valid yet (this machine's clock says ${new Date().toISOString()})`,
    hint: "set this machine's clock",
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: (host, cause) => `its certificate is not for "${host}" but for ${namesOf(cause)}`,
    hint: "use the host name that the certificate has",
  },
};

/** The names in a certificate, of which there may be hundreds. */
function namesOf(cause: unknown): string {
  const { cert } = cause as { cert?: { subjectaltname?: string } };
  const names = (cert?.subjectaltname ?? "").split(", ").map((name) => name.replace(/^(DNS|IP Address):/, ""));
  const shown = names.filter((name) => /^[\w.*:-]+$/.test(name)).slice(0, 4);
  return shown.length === 0 ? "no host at all" : shown.map((name) => `"${name}"`).join(", ");
}

function otherTls(cause: unknown): TlsCause {
  const text = cause instanceof Error ? cause.message : "";
  if (/wrong version number|packet length too long|http request/i.test(text)) {
    return { what: () => "it does not speak TLS at this port", hint: "check the port, and whether the url is http://" };
  }
  // OpenSSL names the function, which newer ones leave out, and then the reason
  const reason = /routines:\w*:([^:]+)/.exec(text)?.[1] ?? /:([a-z][^:]*)(?::|$)/i.exec(text)?.[1];
  return { what: () => (reason ?? errnoOf(cause) ?? "unknown").trim(), hint: "check the server's TLS configuration" };
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
