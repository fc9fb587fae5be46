// Git's own server behind a request of Node's: `git http-backend`, a CGI program (RFC 3875).
import { spawn } from "node:child_process";
import { devNull } from "node:os";

/** Answers one request; every repository below `root` is served. */
export function answerByGit(request, response, root) {
  const child = spawn("git", ["http-backend"], { env: environment(request, root), stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.on("error", () => {});
  child.on("error", () => response.destroy());
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

/** What `git help http-backend` asks for. */
function environment({ url, headers, method }, root) {
  const { pathname, search } = new URL(url, "http://server.invalid");
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
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: "*",
    REQUEST_METHOD: method,
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.slice(1),
    REMOTE_ADDR: "127.0.0.1",
    REMOTE_USER: "bench",
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}
