import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { createTunnelAgent, VERSION } from "../../../lib/index.ts";
import type { ClusterAccess } from "./access.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface TransportRequest {
  method: string;
  path: string;
  query?: Query | undefined;
  body?: object;
  /** Media type of the body. */
  type?: string;
  signal?: AbortSignal;
  /** Milliseconds in which each next piece of the answer must come; absent for one that goes on. */
  time?: number;
  /** With credentials asked for anew. */
  refresh?: boolean;
}

/** Plain HTTP to one server, on connections that are kept. */
export interface Transport {
  send: (request: TransportRequest) => Promise<IncomingMessage>;
  close: () => void;
}

export function openTransport(access: ClusterAccess): Transport {
  const secure = access.server.startsWith("https:");
  const agent = openAgent(access, secure);
  return {
    async send({ method, path, query = {}, body, type, signal, time, refresh = false }) {
      const { headers, cert, key } = await access.credentials({ refresh });
      const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const options = {
        method,
        agent: await agent,
        headers: {
          accept: "application/json",
          "user-agent": `bowline/${VERSION}`,
          ...headers,
          ...(text === undefined ? {} : { "content-type": type, "content-length": text.length }),
        },
        // Said in each request: no variable of Node switches the check off, only the kubeconfig does.
        ...(secure ? { rejectUnauthorized: true, ...access.tls, cert, key } : {}),
        ...(signal === undefined ? {} : { signal }),
      };
      return new Promise<IncomingMessage>((resolve, reject) => {
        const sent = (secure ? httpsRequest : httpRequest)(
          `${access.server}${path}${queryText(query)}`,
          options,
          resolve,
        );
        if (time !== undefined) sent.setTimeout(time, () => sent.destroy(timedOut(access)));
        sent.once("error", reject);
        sent.end(text);
      });
    },
    close: () => void agent.then((each) => each.destroy()),
  };
}

/** Milliseconds in which a proxy has to open a way to the server. */
const PROXY_TIME = 10_000;

/** The whole body. */
export async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function openAgent({ proxy }: ClusterAccess, secure: boolean): Promise<HttpAgent> {
  if (proxy !== undefined) {
    return createTunnelAgent(new URL(proxy), { secure, kept: { keepAlive: true }, time: PROXY_TIME });
  }
  return secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
}

function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`],
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function timedOut({ server }: ClusterAccess): Error {
  return new Error(`${server} did not answer in time`);
}
