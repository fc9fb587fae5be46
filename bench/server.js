// The git server, a process of its own: real `git http-backend` behind HTTP with a password, near and far. Counts what is asked and sent.
// usage: started by bench.js, with the folder of the repositories
import { once } from "node:events";
import { createServer } from "node:http";
import { answerByGit } from "./http-backend.js";
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
  request.once("data", (chunk) => {
    // Protocol v2 names its command first, uncompressed unless the request is long.
    if (request.url.endsWith("/git-upload-pack") && !chunk.includes("ls-refs")) count.fetches += 1;
  });
  answerByGit(request, response, root);
}
