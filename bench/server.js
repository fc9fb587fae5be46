// The git server, a process of its own: real `git http-backend` behind HTTP(S) with a password, near and far. Counts what is asked and sent.
// usage: started by bench.js, with the folder of the repositories and that of key and certificate
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { answerByGit } from "./http-backend.js";
import { farServer } from "./proxy.js";
import { CERTIFICATE_FILE, KEY_FILE, LINE, LOGIN } from "./settings.js";

const [root, folder] = process.argv.slice(2);
const authorization = `Basic ${Buffer.from(LOGIN).toString("base64")}`;

const sockets = new Set();
let count = zero();
let closed = { received: 0, sent: 0 };
let base = { received: 0, sent: 0 };

const [key, cert] = [KEY_FILE, CERTIFICATE_FILE].map((name) => readFileSync(join(folder, name)));
const near = await listen(createServer({ noDelay: true }, answer).on("connection", watch));
// Its bytes are counted as they are before encryption.
const tls = await listen(createTlsServer({ noDelay: true, key, cert }, answer).on("secureConnection", watch));
const [far, farTls] = [
  await listen(farServer({ port: near, ...LINE })),
  await listen(farServer({ port: tls, ...LINE })),
];

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
process.send({
  ...{ near: `http://127.0.0.1:${near}`, far: `http://127.0.0.1:${far}` },
  ...{ nearTls: `https://127.0.0.1:${tls}`, farTls: `https://127.0.0.1:${farTls}` },
});

function watch(socket) {
  sockets.add(socket);
  socket.on("close", () => {
    sockets.delete(socket);
    closed = { received: closed.received + socket.bytesRead, sent: closed.sent + socket.bytesWritten };
  });
}

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
  request.once("data", (chunk) => {
    // Protocol v2 names its command first, uncompressed unless the request is long.
    if (request.url.endsWith("/git-upload-pack") && !chunk.includes("ls-refs")) count.fetches += 1;
  });
  answerByGit(request, response, root);
}
