// The git server, a process of its own: real `git http-backend` behind HTTP with a password, near and far. Counts what is asked and sent.
// usage: started by bench.js, with the folder of the repositories
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { devNull } from "node:os";
import { farServer } from "./proxy.js";
import { LINE, LOGIN } from "./settings.js";

const root = process.argv[2];
const authorization = `Basic ${Buffer.from(LOGIN).toString("base64")}`;

const sockets = new Set();
let count = zero();
let closed = { received: 0, sent: 0 };
let base = { received: 0, sent: 0 };

const near = createServer({ noDelay: true }, answer);
near.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => {
    sockets.delete(socket);
    closed = { received: closed.received + socket.bytesRead, sent: closed.sent + socket.bytesWritten };
  });
});
const nearPort = await listen(near);
const farPort = await listen(farServer({ port: nearPort, ...LINE }));

process.on("message", (message) => {
  if (message === "reset") {
    count = zero();
    base = traffic();
    process.send({});
  } else {
    const now = traffic();
    process.send({ ...count, received: now.received - base.received, sent: now.sent - base.sent });
  }
});
process.on("disconnect", () => process.exit());
process.send({ near: `http://127.0.0.1:${nearPort}`, far: `http://127.0.0.1:${farPort}` });

function zero() {
  return { requests: 0, fetches: 0, firstAt: undefined };
}

function traffic() {
  return [...sockets].reduce(
    (sum, { bytesRead, bytesWritten }) => ({ received: sum.received + bytesRead, sent: sum.sent + bytesWritten }),
    closed,
  );
}

async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

function answer(request, response) {
  count.firstAt ??= String(process.hrtime.bigint());
  count.requests += 1;
  if (request.headers.authorization !== authorization) {
    response.writeHead(401, { "www-authenticate": 'Basic realm="bench"', "content-length": 0 }).end();
    return;
  }
  const { pathname, search } = new URL(request.url, "http://server.invalid");
  const child = spawn("git", ["http-backend"], {
    env: backendEnv(request, pathname, search),
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => {});
  child.on("error", () => response.destroy());
  request.once("data", (chunk) => {
    // Protocol v2 names its command first, uncompressed unless the request is long.
    if (pathname.endsWith("/git-upload-pack") && !chunk.includes("ls-refs")) count.fetches += 1;
  });
  request.pipe(child.stdin);
  response.on("close", () => child.kill("SIGKILL"));
  let head = Buffer.alloc(0);
  const readHead = (chunk) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    child.stdout.off("data", readHead);
    writeHead(response, head.toString("latin1", 0, end));
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  };
  child.stdout.on("data", readHead);
}

function writeHead(response, text) {
  let status = 200;
  for (const line of text.split("\r\n")) {
    const [name, value] = line.split(/: ?(.*)/s);
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status);
}

/** RFC 3875, and what `git help http-backend` adds. */
function backendEnv({ headers, method }, path, search) {
  const optional = {
    CONTENT_TYPE: headers["content-type"],
    CONTENT_LENGTH: headers["content-length"],
    HTTP_CONTENT_ENCODING: headers["content-encoding"],
    GIT_PROTOCOL: headers["git-protocol"],
  };
  return {
    PATH: process.env.PATH,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: devNull,
    REQUEST_METHOD: method,
    PATH_INFO: decodeURIComponent(path),
    QUERY_STRING: search.slice(1),
    REMOTE_ADDR: "127.0.0.1",
    REMOTE_USER: "bench",
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}
