import { domainToASCII } from "node:url";
import { BowlineError } from "./errors.ts";

/** A url of a git repository in its one normal form: cache key, and what scopes are matched against. */
export interface GitUrl {
  scheme: "https" | "http" | "ssh" | "file";
  /** ssh only: the user name of the url. */
  user?: string;
  /** Lower case, punycode; an IPv6 address in brackets; empty for `file`. */
  host: string;
  /** Absent when it is the scheme's own. */
  port?: number;
  /** Begins with "/", percent-encoding normalised, no dot segments, no empty segments. An ssh path relative to the login folder begins with "/~/". */
  path: string;
  /** The normal form as one text. */
  href: string;
  /** As the user wrote it; what `origin` and records show. */
  text: string;
  /** What git is given: the normal form, but for ssh as written, for a server may tell `host:path` from `ssh://host/path`. */
  remote: string;
}

/** Every scheme that is spoken; for a url that was held against the policy before. */
export const ALL_SCHEMES: readonly string[] = ["https", "http", "ssh", "file"];

/** Schemes that need no policy to be allowed. */
export const DEFAULT_SCHEMES: readonly string[] = ["https", "http", "ssh"];

const DEFAULT_PORTS: Record<string, number> = { https: 443, http: 80, ssh: 22 };
const MAX_LENGTH = 4096;

/** Forges whose ssh server has no home folders: `git@host:a/b` and `ssh://git@host/a/b` are one repository there. */
const HOSTS_WITHOUT_HOME = new Set([
  "github.com",
  "gitlab.com",
  "bitbucket.org",
  "codeberg.org",
  "ssh.dev.azure.com",
  "altssh.bitbucket.org",
  "ssh.github.com",
  "altssh.gitlab.com",
]);

/**
 * Reads a url as git would (gitremote-helpers, `git help fetch` "GIT URLS"), but refuses whatever could be understood in two ways.
 * Throws a BowlineError: POLICY_REFUSED for a scheme that is known and not in `schemes`, else GIT_URL_INVALID.
 */
export function parseGitUrl(text: string, options: { schemes?: readonly string[] } = {}): GitUrl {
  const written = text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  refuseUnsafeText(written);
  const { schemes = DEFAULT_SCHEMES } = options;
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(written);
  if (match) {
    const scheme = match[1]!.toLowerCase();
    refuseScheme(scheme, { schemes, written });
    if (scheme === "file") return fileUrl(written, decodePath(match[2]!, written));
    return networkUrl(scheme as "https" | "http" | "ssh", match[2]!, written);
  }
  const colon = written.replace(/\[[^\]/]*\]/, (brackets) => "x".repeat(brackets.length)).indexOf(":");
  const slash = written.indexOf("/");
  if (colon === -1 || (slash !== -1 && slash < colon)) {
    if (!written.startsWith("/"))
      throw invalid(written, "it has no scheme", "write https://HOST/PATH, ssh://… or git@HOST:PATH");
    refuseScheme("file", { schemes, written });
    return fileUrl(written, written);
  }
  refuseScheme("ssh", { schemes, written });
  return scpUrl(written, colon);
}

/** The text of a url without its user info, fit for a message even when it is not a valid url. */
export function shownUrl(text: string): string {
  const printable = text.replace(/[^\x20-\x7e\u00a1-\uffff]/g, (char) => JSON.stringify(char).slice(1, -1) || "?");
  const shown = printable.replace(/^([^:/?#]*:\/*)[^/]*@/, "$1***@").replace(/^[^/@]*:[^/]*@/, "***@");
  return shown.length > 200 ? `${shown.slice(0, 200)}…` : shown;
}

/** An IPv6 address as the system's own calls take it, without the brackets that it has in a url; any other host as it is. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

function refuseUnsafeText(text: string): void {
  if (text === "") throw invalid(text, "it is empty", "write https://HOST/PATH");
  if (text.length > MAX_LENGTH)
    throw invalid(text, `it is longer than ${MAX_LENGTH} characters`, "check where it comes from");
  if (text.startsWith("-"))
    throw invalid(text, 'it begins with "-", as an option of git does', "write https://HOST/PATH");
  // C0, DEL, C1, and what changes the direction or is not visible
  if (/[\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u.test(text)) {
    throw invalid(
      text,
      "it holds a control character or one that is not visible",
      "type it anew instead of copying it",
    );
  }
  if (text.includes("\\")) throw invalid(text, "it holds a backslash", 'write "/" between the parts of a path');
  if (/^[A-Za-z0-9][A-Za-z0-9+.-]*::/.test(text)) {
    throw invalid(
      text,
      "it asks git for a remote helper program",
      "only https, http, ssh and (where the policy allows it) file are spoken",
    );
  }
}

function refuseScheme(scheme: string, context: { schemes: readonly string[]; written: string }): void {
  if (!ALL_SCHEMES.includes(scheme)) {
    throw invalid(context.written, `its scheme "${scheme}" is not spoken here`, "use https, http or ssh");
  }
  if (context.schemes.includes(scheme)) return;
  throw new BowlineError({
    code: "POLICY_REFUSED",
    message: `the url "${shownUrl(context.written)}" uses "${scheme}", which the policy does not allow`,
    hint: `use one of ${context.schemes.join(", ")}, or add "${scheme}" to policy.schemes of the config`,
  });
}

function networkUrl(scheme: "https" | "http" | "ssh", rest: string, written: string): GitUrl {
  const slash = rest.indexOf("/");
  const authority = slash === -1 ? rest : rest.slice(0, slash);
  const rawPath = slash === -1 ? "" : rest.slice(slash);
  const at = authority.lastIndexOf("@");
  const userInfo = at === -1 ? undefined : authority.slice(0, at);
  if (userInfo !== undefined && scheme !== "ssh") {
    throw invalid(
      written,
      "it has a user name or password in it",
      "take it out of the url and put it in the connection's secret",
    );
  }
  if (scheme === "ssh" && rawPath === "") throw invalid(written, "it names no repository", "write ssh://git@HOST/PATH");
  if (scheme !== "ssh" && /[?#]/.test(rest))
    throw invalid(written, 'it holds "?" or "#"', "give the repository's url without a query");
  const { host, port } = hostAndPort(authority.slice(at + 1), { scheme, written });
  const path = scheme === "ssh" ? encodePath(decodePath(rawPath, written), written) : httpPath(rawPath, written);
  const user = userInfo === undefined ? undefined : sshUser(userInfo, written);
  const href = hrefOf({ scheme, user, host, port, path });
  const remote = scheme === "ssh" ? `ssh://${rest}` : href;
  return { scheme, ...(user && { user }), host, ...(port && { port }), path, href, text: written, remote };
}

function scpUrl(written: string, colon: number): GitUrl {
  const login = written.slice(0, colon);
  const rawPath = written.slice(colon + 1);
  const at = login.lastIndexOf("@");
  if (rawPath === "") throw invalid(written, "it names no repository", "write git@HOST:PATH");
  if (rawPath.startsWith("-") || rawPath.startsWith(":")) {
    throw invalid(
      written,
      "its path begins with a character that git or ssh would take as something else",
      "write ssh://git@HOST/PATH",
    );
  }
  if (written.includes("://"))
    throw invalid(written, "it is half a url, half host:path", "write git@HOST:PATH or ssh://git@HOST/PATH");
  // git reads `host:x~y` as `~y`: connect.c, parse_connect_url
  if (/^[^/]~/.test(rawPath))
    throw invalid(written, 'git misreads a path with "~" as its second character', "write ssh://git@HOST/PATH");
  const { host } = hostAndPort(login.slice(at + 1), { scheme: "ssh", written });
  const user = at === -1 ? undefined : sshUser(login.slice(0, at), written);
  const relative = !rawPath.startsWith("/") && !rawPath.startsWith("~");
  const root = relative && !HOSTS_WITHOUT_HOME.has(host) ? "/~/" : "/";
  const path = encodePath(root + rawPath, written);
  const href = hrefOf({ scheme: "ssh", user, host, path });
  return { scheme: "ssh", ...(user && { user }), host, path, href, text: written, remote: written };
}

function fileUrl(written: string, decoded: string): GitUrl {
  if (!decoded.startsWith("/"))
    throw invalid(written, "a file url has no host, and its path is absolute", "write file:///PATH");
  const path = encodePath(decoded, written);
  return { scheme: "file", host: "", path, href: `file://${path}`, text: written, remote: `file://${path}` };
}

function hrefOf(parts: {
  scheme: string;
  user?: string | undefined;
  host: string;
  port?: number | undefined;
  path: string;
}): string {
  const user = parts.user === undefined ? "" : `${parts.user}@`;
  const port = parts.port === undefined ? "" : `:${parts.port}`;
  return `${parts.scheme}://${user}${parts.host}${port}${parts.path}`;
}

function hostAndPort(text: string, context: { scheme: string; written: string }): { host: string; port?: number } {
  const { scheme, written } = context;
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]*)(?::(.*))?$/.exec(text);
  if (!match) throw invalid(written, "its host cannot be read", "write https://HOST/PATH or ssh://git@HOST:PORT/PATH");
  const host = normalHost(match[1]!, written);
  // ssh resolves names by itself, without punycode
  if (scheme === "ssh" && /[^\x21-\x7e]/.test(match[1]!)) {
    throw invalid(written, "ssh does not know a host name of other letters than ASCII", `write ${host}`);
  }
  if (match[2] === undefined) return { host };
  const port = /^[0-9]{1,5}$/.test(match[2]) ? Number(match[2]) : 0;
  if (port < 1 || port > 65_535)
    throw invalid(written, "its port is not a number from 1 to 65535", "correct the port, or leave it out");
  return port === DEFAULT_PORTS[scheme] ? { host } : { host, port };
}

function normalHost(text: string, written: string): string {
  const broken = invalid(written, "its host name is empty or malformed", "write https://HOST/PATH");
  if (text === "" || /^[-.]|\.\.|[.]$|[%\s@<>"'`|^{}()$&;!*?#=,+~]/.test(text)) throw broken;
  let host: string;
  try {
    host = new URL(`http://${text.startsWith("[") ? text : domainToASCII(text)}/`).hostname;
  } catch {
    throw broken;
  }
  if (host === "" || host.length > 253 || host.startsWith("-")) throw broken;
  return host;
}

function sshUser(text: string, written: string): string {
  if (text.includes(":"))
    throw invalid(written, "it has a password in it", "ssh uses a key: put it in the connection's secret");
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(text)) {
    throw invalid(
      written,
      "its user name is empty or holds a character that ssh could take as something else",
      "write git@HOST:PATH",
    );
  }
  return text;
}

/** The path of an http url: only encoding that can mean nothing else is changed. */
function httpPath(raw: string, written: string): string {
  decodePath(raw, written);
  const encoded = raw
    .replace(/%[0-9A-Fa-f]{2}/g, (code) => {
      const char = String.fromCharCode(Number.parseInt(code.slice(1), 16));
      return /[A-Za-z0-9._~-]/.test(char) ? char : code.toUpperCase();
    })
    .replace(/[^\x21-\x7e]|["<>`{}|^]/gu, (char) => encodeURIComponent(char));
  return withoutEmptySegments(encoded, written);
}

/** The path in bytes that a server gets, as ssh and file have it, written as a url has it. */
function encodePath(decoded: string, written: string): string {
  // connect.c, host_end: git looks for the host behind "@[" anywhere
  if (decoded.includes("@["))
    throw invalid(written, 'its path holds "@[", which git takes as the host', "rename the path");
  return withoutEmptySegments(
    decoded.replace(/[^A-Za-z0-9._~/@:!$&'()*+,;=-]/gu, (char) => encodeURIComponent(char)),
    written,
  );
}

function decodePath(raw: string, written: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(raw);
  } catch {
    throw invalid(written, 'it holds a "%" that does not begin an encoded character', 'write "%25" for a percent sign');
  }
  if (decoded !== raw) refuseUnsafeText(`/${decoded}`);
  return decoded;
}

function withoutEmptySegments(path: string, written: string): string {
  const segments = path.split("/").filter((segment) => segment !== "");
  if (segments.some((segment) => segment.split(/%2F/i).some((part) => part === "." || part === ".."))) {
    throw invalid(written, 'its path has "." or ".." in it', "write the path that is meant");
  }
  return `/${segments.join("/")}`;
}

function invalid(written: string, reason: string, hint: string): BowlineError {
  return new BowlineError({
    code: "GIT_URL_INVALID",
    message: `the url "${shownUrl(written)}" cannot be used: ${reason}`,
    hint,
  });
}
