import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../config/index.ts";
import { type Credential, withProxy } from "../connections/index.ts";
import { shellQuote, withoutBrackets, withoutPercent, type GitUrl } from "../lib/index.ts";
import { netrcLogin } from "./netrc.ts";
import { usersGit } from "./users-git.ts";

/** What `from: git` starts from. */
export interface GitSource {
  env: Environment;
  scope: string;
  source: string;
  /** Proxy of the entry; without one, the proxy of the user's git holds. */
  proxy?: string;
}

/**
 * What the user's own git would use for this url, in git's order: a user and password that `url.<base>.insteadOf` puts into
 * the url, an `Authorization` of `http.extraHeader`, .netrc, then the credential helpers; with it `http.proxy` and
 * `http.sslCAInfo` (GIT_SSL_CAINFO). For ssh the user's own configuration, agent and known_hosts. Without any of these the url is asked for
 * anonymously. Nothing is asked on the terminal.
 */
export async function credentialOfGit(url: GitUrl, from: GitSource): Promise<Credential> {
  const anonymous: Credential = { scope: from.scope, source: from.source, secretValues: [] };
  if (url.scheme === "ssh") {
    return withProxy({ ...anonymous, ssh: "user", userEnv: await sshEnv(from.env) }, from.proxy);
  }
  if (url.scheme === "file") return anonymous;
  const settings = await httpSettings(url, from.env);
  const ca = await certificates(settings, from.env);
  const credential = { ...anonymous, ...(await httpPart(url, settings, from.env)), ...(ca && { ca }) };
  return withProxy(credential, from.proxy ?? (settings.get("http.proxy") || undefined));
}

type HttpPart = Pick<Credential, "http" | "secretValues">;

async function httpPart(url: GitUrl, settings: ReadonlyMap<string, string>, env: Environment): Promise<HttpPart> {
  const header = authorization(settings.get("http.extraheader"));
  if (header) return header;
  const login = (await insteadOfLogin(url, env)) ?? (await netrcOf(url, env)) ?? (await filled(url, env));
  return login ? basic(login.username, login.password) : { secretValues: [] };
}

/** The `http.*` settings that hold for this url: http.<url>.* before http.*, as git chooses them. */
async function httpSettings(url: GitUrl, env: Environment): Promise<Map<string, string>> {
  const printed = (await usersGit(["config", "-z", "--get-urlmatch", "http", url.href], { env })) ?? "";
  const settings = printed.split("\0").map((entry) => {
    const end = entry.indexOf("\n");
    return [entry.slice(0, end).toLowerCase(), entry.slice(end + 1)] as const;
  });
  return new Map(settings);
}

function authorization(header: string | undefined): HttpPart | undefined {
  const [, kind, value] = /^authorization:\s*(basic|bearer)\s+(\S+)\s*$/i.exec(header ?? "") ?? [];
  if (value === undefined) return undefined;
  if (kind!.toLowerCase() === "bearer") return { http: { kind: "bearer", token: value }, secretValues: [value] };
  const pair = Buffer.from(value, "base64").toString();
  const colon = pair.indexOf(":");
  return colon < 0 ? undefined : basic(pair.slice(0, colon), pair.slice(colon + 1));
}

/** A login that the user's git writes into the url; a rewrite to any other place is not followed. */
async function insteadOfLogin(url: GitUrl, env: Environment) {
  const rewritten = (await usersGit(["ls-remote", "--get-url", url.href], { env }))?.trim();
  if (!rewritten || !URL.canParse(rewritten)) return undefined;
  const [before, after] = [new URL(url.href), new URL(rewritten)];
  const same = before.protocol === after.protocol && before.host === after.host && before.pathname === after.pathname;
  if (!same || after.password === "") return undefined;
  return { username: unescaped(after.username), password: unescaped(after.password) };
}

/** As git reads it (url.c, url_decode): what is no encoded character stands for itself. */
function unescaped(text: string): string {
  return Buffer.from(withoutPercent(Buffer.from(text))).toString();
}

async function netrcOf(url: GitUrl, env: Environment) {
  const text = env["HOME"] && (await readFile(join(env["HOME"], ".netrc"), "utf8").catch(() => ""));
  return text ? netrcLogin(text, withoutBrackets(url.host)) : undefined;
}

/** `git credential fill`: git-credential(1). */
async function filled(url: GitUrl, env: Environment) {
  const host = `${url.host}${url.port === undefined ? "" : `:${url.port}`}`;
  const input = `protocol=${url.scheme}\nhost=${host}\npath=${decodeURIComponent(url.path.slice(1))}\n\n`;
  const printed = await usersGit(["credential", "fill"], { env, input });
  const answer = new Map((printed ?? "").split("\n").map((line) => splitOnce(line, "=")));
  const [username, password] = [answer.get("username"), answer.get("password")];
  return username === undefined || password === undefined ? undefined : { username, password };
}

function splitOnce(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}

function basic(username: string, password: string): HttpPart {
  return { http: { kind: "basic", username, password }, secretValues: [password, `${username}:${password}`] };
}

const SSH_VARIABLES = [
  "HOME",
  "USER",
  "LOGNAME",
  "PATH",
  "SSH_AUTH_SOCK",
  "SSH_AGENT_PID",
  "KRB5CCNAME",
  "XDG_RUNTIME_DIR",
];

/** What the user's ssh is started with; GIT_SSH_COMMAND before core.sshCommand before GIT_SSH, as in git. */
async function sshEnv(env: Environment): Promise<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const name of SSH_VARIABLES) if (env[name]) kept[name] = env[name];
  const configured =
    env["GIT_SSH_COMMAND"] || (await usersGit(["config", "--get", "core.sshCommand"], { env }))?.trim();
  const command = configured || (env["GIT_SSH"] && shellQuote(env["GIT_SSH"]));
  return command ? { ...kept, GIT_SSH_COMMAND: command } : kept;
}

async function certificates(settings: ReadonlyMap<string, string>, env: Environment): Promise<string | undefined> {
  const path = env["GIT_SSL_CAINFO"] || settings.get("http.sslcainfo");
  return path && readFile(expandHome(path, env), "utf8").catch(() => undefined);
}

function expandHome(path: string, env: Environment): string {
  return path.startsWith("~/") && env["HOME"] ? join(env["HOME"], path.slice(2)) : path;
}
