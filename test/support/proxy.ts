import { createServer, request as httpRequest } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { certificate, type CertificateKind } from "./certificates.ts";

export interface ProxyOptions {
  host?: string;
  /** Asked for by 407 when set. */
  username?: string;
  password?: string;
  /** Spoken to by plain http when absent. */
  tls?: CertificateKind;
  /** Answers every CONNECT with this status instead. */
  status?: number;
}

export interface Proxy {
  /** `http://127.0.0.1:PORT`, without user and password. */
  url: string;
  /** Each wish for a tunnel (`127.0.0.1:443`) or a plain request (its url), and the header that came with it. */
  requests: { target: string; authorization?: string }[];
  close: () => Promise<void>;
}

/** An HTTP proxy: CONNECT for TLS and ssh, and requests with a whole url for plain http. */
export async function startProxy(options: ProxyOptions = {}): Promise<Proxy> {
  const proxy: Proxy = { url: "", requests: [], close: () => Promise.resolve() };
  const refused = (target: string, authorization: string | undefined): number | undefined => {
    proxy.requests.push(authorization === undefined ? { target } : { target, authorization });
    if (options.status !== undefined) return options.status;
    if (options.username === undefined) return undefined;
    const expected = Buffer.from(`${options.username}:${options.password ?? ""}`).toString("base64");
    return authorization === `Basic ${expected}` ? undefined : 407;
  };
  const server = options.tls === undefined ? createServer() : createTlsServer(await certificate(options.tls));
  server.on("request", (request, response) => {
    const { url = "", method, headers } = request;
    const status = refused(url, headers["proxy-authorization"]);
    if (status !== undefined) return void response.writeHead(status, { "proxy-authenticate": "Basic" }).end();
    // what is meant for the proxy goes no further (RFC 9110, section 11.7.2)
    const { "proxy-authorization": _, ...onwards } = headers;
    const onward = httpRequest(url, { method, headers: onwards }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    onward.on("error", () => response.writeHead(502).end());
    request.pipe(onward);
  });
  server.on("connect", (request, socket, head) => {
    const status = refused(request.url ?? "", request.headers["proxy-authorization"]);
    socket.on("error", () => socket.destroy());
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} Refused\r\nProxy-Authenticate: Basic\r\n\r\n`);
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = connect(Number(port || 80), hostname, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, options.host ?? "127.0.0.1", resolve);
  });
  server.unref();
  proxy.url = `${options.tls === undefined ? "http" : "https"}://${options.host ?? "127.0.0.1"}:${(server.address() as AddressInfo).port}`;
  proxy.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return proxy;
}
