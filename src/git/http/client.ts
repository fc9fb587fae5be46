import {
  Agent as HttpAgent,
  request as requestHttp,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { SecureContext, TLSSocket } from "node:tls";
import { BowlineError, VERSION, type GitUrl } from "../../lib/index.ts";
import type { Network, Timeouts } from "../../config/index.ts";
import type { Credential } from "../../connections/index.ts";
import { abortError } from "../failures.ts";
import { networkError, type Asked } from "./failures.ts";
import { proxyAuthorization, proxyFor, shownProxy } from "./proxy.ts";
import { trustContext, trustedCertificates } from "./trust.ts";

/** Some hosts speak git only to a client whose User-Agent begins like git's own. */
export const USER_AGENT = `git/2.40.0 (bowline/${VERSION})`;

export interface HttpRequest {
  method: "GET" | "POST";
  url: string;
  headers?: Record<string, string>;
  body?: Buffer;
  signal: AbortSignal;
  /** More than this is not read, and the connection is closed: 64 MiB by default. */
  maxBytes?: number;
}

export interface HttpResponse {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
  /** Whether `maxBytes` ended the body. */
  cut: boolean;
}

/** Connections to one server, kept alive, with one trust, one proxy and one credential. */
export interface HttpClient {
  asked: Asked;
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

/** Opens nothing yet. The credential goes with every request, so that no request is spent on a 401; HTTP/1.1 only. */
export async function createHttpClient(options: HttpClientOptions): Promise<HttpClient> {
  const { url, credential, network, timeouts } = options;
  const proxy = proxyFor(url, network, credential?.proxy);
  const asked: Asked = { url, source: credential?.http && credential.source, proxy: proxy && shownProxy(proxy) };
  const secure = url.scheme === "https" || proxy?.protocol === "https:";
  const secureContext = secure ? trustContext(await trustedCertificates(network, credential?.ca)) : undefined;
  const trust = { ...(secureContext && { secureContext }), rejectUnauthorized: true, ALPNProtocols: ["http/1.1"] };
  const agent = await agentFor({ url, proxy, secureContext });
  const authorization = authorizationOf(credential);
  function send(request: HttpRequest): Promise<HttpResponse> {
    const headers = {
      "user-agent": USER_AGENT,
      "accept-encoding": "gzip",
      ...(authorization === undefined ? {} : { authorization }),
      ...(request.body ? { "content-length": String(request.body.length) } : {}),
      ...request.headers,
    };
    const { headers: proxyHeaders, ...place } = route(request.url, proxy);
    const all = { ...(proxyHeaders as Record<string, string> | undefined), ...headers };
    return exchange({ request, asked, timeouts, options: { ...trust, ...place, agent, headers: all } });
  }
  return { asked, send, close: () => agent.destroy() };
}

/** The value of the Authorization header. */
export function authorizationOf(credential: Credential | undefined): string | undefined {
  const http = credential?.http;
  if (http === undefined) return undefined;
  if (http.kind === "bearer") return `Bearer ${http.token}`;
  return `Basic ${Buffer.from(`${http.username}:${http.password}`).toString("base64")}`;
}

interface AgentChoice {
  url: GitUrl;
  proxy: URL | undefined;
  secureContext: SecureContext | undefined;
}

async function agentFor({ url, proxy, secureContext }: AgentChoice): Promise<HttpAgent> {
  const kept = { keepAlive: true, maxSockets: 4 };
  if (url.scheme === "https" && proxy !== undefined) {
    const { HttpsProxyAgent } = await import("https-proxy-agent");
    return new HttpsProxyAgent(proxy, { ...kept, ...(secureContext && { secureContext }), rejectUnauthorized: true });
  }
  return url.scheme === "https" || proxy?.protocol === "https:" ? new HttpsAgent(kept) : new HttpAgent(kept);
}

/** Plain http through a proxy asks the proxy for the whole url (RFC 9112, section 3.2.2); all else asks the server. */
function route(url: string, proxy: URL | undefined): RequestOptions {
  const { protocol, hostname, port, pathname, search, host } = new URL(url);
  if (proxy === undefined || protocol === "https:") {
    return { protocol, hostname: hostname.replace(/^\[|\]$/g, ""), port, path: pathname + search };
  }
  const authorization = proxyAuthorization(proxy);
  return {
    protocol: proxy.protocol,
    hostname: proxy.hostname,
    port: proxy.port,
    path: url,
    setHost: false,
    headers: { host, ...(authorization && { "proxy-authorization": authorization }) },
  };
}

interface Exchange {
  request: HttpRequest;
  asked: Asked;
  timeouts: Timeouts;
  options: RequestOptions;
}

function exchange({ request, asked, timeouts, options }: Exchange): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    if (request.signal.aborted) return reject(abortError(request.signal));
    const start = options.protocol === "https:" ? requestHttps : requestHttp;
    const sent = start({ ...options, method: request.method });
    let timer: NodeJS.Timeout | undefined;
    const wait = (milliseconds: number, what: string): void => {
      clearTimeout(timer);
      timer = setTimeout(() => sent.destroy(timeoutError(asked, milliseconds, what)), milliseconds);
    };
    const onAbort = (): void => void sent.destroy(abortError(request.signal));
    const settle = (): void => {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      reject(networkError(error, asked));
    };
    request.signal.addEventListener("abort", onAbort);
    wait(timeouts.connect, "no connection");
    onceConnected(sent, () => wait(timeouts.stall, "no answer"));
    sent.on("error", fail);
    sent.on("response", (response) => {
      const heard = (): void => wait(timeouts.stall, "no byte");
      readBody(response, { maxBytes: request.maxBytes ?? MAX_BYTES, heard })
        .then(({ body, cut }) => {
          settle();
          if (cut) sent.destroy();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, cut });
        })
        .catch(fail);
    });
    sent.end(request.body);
  });
}

function onceConnected(sent: ClientRequest, then: () => void): void {
  sent.on("socket", (socket) => {
    if (sent.reusedSocket) return then();
    const secured = socket as Partial<TLSSocket>;
    if (secured.encrypted) return void socket.once("secureConnect", then);
    if (socket.connecting) socket.once("connect", then);
    else then();
  });
}

async function readBody(
  response: IncomingMessage,
  options: { maxBytes: number; heard: () => void },
): Promise<{ body: Buffer; cut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  let cut = false;
  options.heard();
  for await (const chunk of response as AsyncIterable<Buffer>) {
    options.heard();
    chunks.push(chunk);
    length += chunk.length;
    if (length > options.maxBytes) {
      cut = true;
      break;
    }
  }
  const body = Buffer.concat(chunks);
  if (response.headers["content-encoding"] !== "gzip" || body.length === 0) return { body, cut };
  const { gunzipSync, constants } = await import("node:zlib");
  return { body: gunzipSync(body, { maxOutputLength: MAX_BYTES, finishFlush: constants.Z_SYNC_FLUSH }), cut };
}

function timeoutError({ url }: Asked, milliseconds: number, what: string): BowlineError {
  return new BowlineError({
    code: "HOST_TIMEOUT",
    message: `${what} from "${url.host}" within ${milliseconds / 1000} s`,
    hint: "check the host in the url and the network of this machine; policy.timeouts sets the time",
  });
}
