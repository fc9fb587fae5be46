import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DockerEnvironment } from "../../../config/index.ts";
import { BowlineError, withoutBrackets, withoutUserInfo } from "../../../lib/index.ts";

/** Where a Docker Engine answers. */
export type Endpoint =
  | { kind: "unix"; shown: string; path: string }
  | { kind: "tcp"; shown: string; host: string; port: number; tls?: TlsFiles }
  | { kind: "ssh"; shown: string; host: string; user?: string; port?: string };

export interface TlsFiles {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  /** A context may say so; nothing else does. */
  unchecked?: boolean;
}

const DEFAULT = "unix:///var/run/docker.sock";

/** The part of a choice that names an engine, and what finds the same one again. */
export interface EngineChoice {
  host?: string;
  /** A Docker context. */
  context?: string;
}

/** The engine that the config names, else DOCKER_HOST, DOCKER_CONTEXT, the current context, the usual socket. Throws USAGE or FILE_NOT_READ. */
export async function findEndpoint(
  choice: EngineChoice,
  environment: DockerEnvironment,
): Promise<{ endpoint: Endpoint; kept: EngineChoice }> {
  const { tls, certificates, folder } = environment;
  const named = choice.host ?? (choice.context === undefined ? environment.host : undefined);
  if (named !== undefined) {
    const endpoint = parseHost(named);
    const kept = { host: named };
    if (endpoint.kind !== "tcp" || !(tls || endpoint.tls !== undefined)) return { endpoint, kept };
    return { endpoint: { ...endpoint, tls: await readTls(certificates) }, kept };
  }
  const context = choice.context ?? environment.context ?? (await currentContext(folder));
  if (context === undefined || context === "default" || folder === undefined)
    return { endpoint: parseHost(DEFAULT), kept: { host: DEFAULT } };
  return { endpoint: await contextEndpoint(context, folder), kept: { context } };
}

/** `unix://PATH`, `tcp://HOST:PORT`, `https://HOST:PORT`, `ssh://[USER@]HOST[:PORT]`. */
export function parseHost(text: string): Endpoint {
  const unix = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (unix !== undefined) return { kind: "unix", shown: text, path: unix };
  const [, scheme = "", user, host = "", port] =
    /^(tcp|http|https|ssh):\/\/(?:([A-Za-z0-9._][\w.-]*)@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9][\w.-]*)(?::(\d{1,5}))?\/?$/.exec(
      text,
    ) ?? [];
  if (scheme === "" || (user !== undefined && scheme !== "ssh")) throw notAHost(text);
  const bare = withoutBrackets(host);
  if (scheme === "ssh") return { kind: "ssh", shown: text, host: bare, ...(user && { user }), ...(port && { port }) };
  const secure = scheme === "https";
  return {
    ...{ kind: "tcp", shown: text, host: bare, port: Number(port ?? (secure ? 2376 : 2375)) },
    ...(secure ? { tls: {} } : {}),
  };
}

interface ContextFile {
  Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
}

async function contextEndpoint(name: string, folder: string): Promise<Endpoint> {
  const id = createHash("sha256").update(name).digest("hex");
  const path = join(folder, "contexts/meta", id, "meta.json");
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const message = `there is no Docker context "${name}"`;
    throw new BowlineError(
      { code: "USAGE", message, hint: "see those that are there with: docker context ls" },
      { cause },
    );
  });
  const docker = parseJson<ContextFile>(text, path).Endpoints?.docker;
  const endpoint = parseHost(docker?.Host ?? DEFAULT);
  if (endpoint.kind !== "tcp") return endpoint;
  const files = await readTls(join(folder, "contexts/tls", id, "docker"));
  const unchecked = docker?.SkipTLSVerify === true ? { unchecked: true } : {};
  const any = Object.keys(files).length > 0 || docker?.SkipTLSVerify === true || endpoint.tls !== undefined;
  return any ? { ...endpoint, tls: { ...files, ...unchecked } } : endpoint;
}

async function currentContext(folder: string | undefined): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const path = join(folder, "config.json");
  const text = await readFile(path, "utf8").catch(() => "{}");
  return parseJson<{ currentContext?: string }>(text, path).currentContext || undefined;
}

async function readTls(folder: string | undefined): Promise<TlsFiles> {
  if (folder === undefined) return {};
  const read = (name: string) => readFile(join(folder, name)).catch(() => undefined);
  const [ca, cert, key] = await Promise.all(["ca.pem", "cert.pem", "key.pem"].map(read));
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function parseJson<T>(text: string, path: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const message = `"${path}" is not JSON`;
    throw new BowlineError(
      { code: "FILE_NOT_READ", message, hint: "it is Docker's own file: repair it there" },
      { cause },
    );
  }
}

function notAHost(text: string): BowlineError {
  return new BowlineError({
    code: "USAGE",
    message: `"${withoutUserInfo(text)}" does not name a Docker Engine`,
    hint: "write unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST, in executor.host, DOCKER_HOST or a docker context",
  });
}
