import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** An answer of the real server, whole. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** What is sent instead. */
export interface MeddledAnswer extends Answer {
  /** Size of the pieces in which the body is sent; all at once when absent. */
  pieces?: number;
  /** Whether the body never ends. */
  open?: boolean;
}

export interface Meddler {
  url: string;
  /** The bodies of the requests that came, in order. */
  requests: Buffer[];
  /** How many connections were made. */
  connections: () => number;
  close: () => Promise<void>;
}

/** A server that asks another one and gives its answers as `meddle` makes them; for what a git server must not do to us. */
export async function startMeddler(
  upstream: string,
  meddle: (answer: Answer, asked: Buffer) => MeddledAnswer,
): Promise<Meddler> {
  const requests: Buffer[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readAll(request);
      requests.push(body);
      const answer = meddle(await ask(upstream + request.url, request, body), body);
      const { "content-length": _, "transfer-encoding": __, ...headers } = answer.headers;
      response.writeHead(answer.status, headers);
      const size = answer.pieces ?? (answer.body.length || 1);
      for (let at = 0; at < answer.body.length; at += size) {
        response.write(answer.body.subarray(at, at + size));
        if (answer.pieces !== undefined) await new Promise((resolve) => setImmediate(resolve));
      }
      if (answer.open !== true) response.end();
    })();
  });
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function ask(url: string, { method, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers }, (answered) => {
      const { statusCode: status = 0, headers: given } = answered;
      readAll(answered).then((content) => resolve({ status, headers: given, body: content }), reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
