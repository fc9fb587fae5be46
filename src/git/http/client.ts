import type { Agent as HttpAgent, AgentOptions, RequestOptions } from "node:http";
import { isIP } from "node:net";
import type { SecureContext } from "node:tls";
import { promisify } from "node:util";
import { createTunnelAgent, proxyAuthorization, VERSION, withoutBrackets, type GitUrl } from "../../lib/index.ts";
import type { Network, Timeouts } from "../../config/index.ts";
import type { Credential } from "../../connections/index.ts";
import { connectTo } from "./early-connection.ts";
import { openExchange, passOver, readBody, type HttpStream } from "./exchange.ts";
import type { Asked } from "./failures.ts";
import { proxyFor, shownProxy } from "./proxy.ts";
import { trustedCertificates } from "./trust.ts";

/** Some hosts speak git only to a client whose User-Agent begins like git's own. */
export const USER_AGENT = `git/2.40.0 (bowline/${VERSION})`;

export interface HttpRequest {
  method: "GET" | "POST";
  url: string;
  headers?: Record<string, string>;
  body?: Buffer;
  signal: AbortSignal;
}

export interface HttpResponse extends Pick<HttpStream, "status" | "headers"> {
  body: Buffer;
  /** Whether it was longer than what is read of a body, 64 MiB; then its connection is closed. */
  cut: boolean;
}

/** Connections to one server, kept alive, with one trust, one proxy and one credential. */
export interface HttpClient {
  asked: Asked;
  /** Resolves with the head of the answer, its body still to be read; one that is no success has none. */
  open: (request: HttpRequest) => Promise<HttpStream>;
  send: (request: HttpRequest) => Promise<HttpResponse>;
  close: () => void;
}

export interface HttpClientOptions {
  url: GitUrl;
  credential?: Credential | undefined;
  network: Network;
  timeouts: Timeouts;
}

const MAX_BYTES = 64 * 1024 * 1024;
/** Where git begins to compress what it sends. */
const WORTH_COMPRESSING = 1024;

/** Opens nothing yet. The credential goes with every request, so that no request is spent on a 401; HTTP/1.1 only. */
export async function createHttpClient(options: HttpClientOptions): Promise<HttpClient> {
  const { url, credential, network, timeouts } = options;
  const proxy = proxyFor(url, network, credential?.proxy);
  const { source, secret } = credential?.http ? credential : {};
  const asked: Asked = { url, source, secret, proxy: proxy && shownProxy(proxy) };
  const secure = url.scheme === "https" || proxy?.protocol === "https:";
  const certificates = secure ? await trustedCertificates(network, credential?.ca) : undefined;
  const tunnel = url.scheme === "https" ? proxy : undefined;
  const agent = await agentFor({ tunnel, certificates, time: timeouts.connect });
  const trust = {
    ...(tunnel && certificates !== undefined && { secureContext: await contextFor(certificates) }),
    rejectUnauthorized: true,
    ALPNProtocols: ["http/1.1"],
  };
  const authorization = authorizationOf(credential);
  async function open({ method, url: place, headers, body: plain, signal }: HttpRequest): Promise<HttpStream> {
    const small = plain === undefined || plain.length <= WORTH_COMPRESSING;
    const body = small ? plain : await compressed(plain);
    const { headers: proxyHeaders, ...way } = route(place, proxy);
    const all = {
      ...proxyHeaders,
      "user-agent": USER_AGENT,
      "accept-encoding": "gzip",
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-length": String(body.length) }),
      ...(small ? {} : { "content-encoding": "gzip" }),
      ...headers,
    };
    const options = { ...trust, ...way, method, agent, headers: all };
    const stream = await openExchange({ asked, timeouts, signal, body, options });
    if (stream.status < 200 || stream.status >= 300) await passOver(stream);
    return stream;
  }
  async function send(request: HttpRequest): Promise<HttpResponse> {
    const stream = await open(request);
    return { status: stream.status, headers: stream.headers, ...(await readBody(stream, MAX_BYTES)) };
  }
  return { asked, open, send, close: () => agent.destroy() };
}

/** The value of the Authorization header. */
export function authorizationOf(credential: Credential | undefined): string | undefined {
  const http = credential?.http;
  if (http === undefined) return undefined;
  if (http.kind === "bearer") return `Bearer ${http.token}`;
  return `Basic ${Buffer.from(`${http.username}:${http.password}`).toString("base64")}`;
}

interface AgentChoice {
  /** The proxy that a way to the server is asked of. */
  tunnel: URL | undefined;
  /** Absent: plain http, to the server or to a proxy. */
  certificates: string | undefined;
  /** Milliseconds in which the proxy has to answer. */
  time: number;
}

/** Loads what the url asks for, and no more: a start of the initializer is short. */
async function agentFor({ tunnel, certificates, time }: AgentChoice): Promise<HttpAgent> {
  const kept = { keepAlive: true, maxSockets: 4 };
  if (certificates === undefined) return plainAgent(kept);
  if (tunnel === undefined) return (await import("./early-agent.ts")).createEarlyAgent(kept, certificates);
  const trust = { secureContext: await contextFor(certificates) };
  return createTunnelAgent(tunnel, { secure: true, kept, trust, time });
}

async function plainAgent(kept: AgentOptions): Promise<HttpAgent> {
  const agent = new (await import("node:http")).Agent(kept);
  agent.createConnection = connectTo;
  return agent;
}

async function contextFor(certificates: string): Promise<SecureContext> {
  return (await import("./trust-context.ts")).trustContext(certificates);
}

async function compressed(body: Buffer): Promise<Buffer> {
  const { gzip } = await import("node:zlib");
  return promisify(gzip)(body);
}

interface Route extends Pick<RequestOptions, "protocol" | "hostname" | "port" | "path" | "setHost"> {
  headers?: Record<string, string>;
  /** Whose certificate it has to be, where Node would take the Host header's. */
  servername?: string;
}

/** Plain http through a proxy asks the proxy for the whole url (RFC 9112, section 3.2.2); all else asks the server. */
function route(url: string, proxy: URL | undefined): Route {
  const { protocol, hostname, port, pathname, search, host } = new URL(url);
  if (proxy === undefined || protocol === "https:") {
    return { protocol, hostname: withoutBrackets(hostname), port, path: pathname + search };
  }
  const authorization = proxyAuthorization(proxy);
  const proxyHost = withoutBrackets(proxy.hostname);
  return {
    protocol: proxy.protocol,
    hostname: proxyHost,
    servername: isIP(proxyHost) ? "" : proxyHost,
    port: proxy.port,
    path: url,
    setHost: false,
    headers: { host, ...(authorization && { "proxy-authorization": authorization }) },
  };
}
