// Leaves in dist/compiled what V8 makes of the command's code while it does its usual work, for the Node that builds: most of a start is compiling.
// Runs some commands on a small repository that it serves on loopback. What cannot be run here (without git) only starts slower.
// usage: node scripts/keep-compiled.js
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { answerByGit } from "../bench/http-backend.js";

const LIMIT = 60_000;
const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "bowline-build-"));
const home = join(work, "home");
const kept = join(root, "dist", "compiled");
const server = createServer((request, response) => answerByGit(request, response, work)).listen(0, "127.0.0.1");
try {
  // What is kept there already would be used, and nothing new be written.
  rmSync(kept, { recursive: true, force: true });
  await once(server, "listening");
  await makeRepository();
  const url = `http://127.0.0.1:${server.address().port}/code.git`;
  const [config, job] = [join(work, "bowline.yaml"), join(work, "job.yaml")];
  writeFileSync(config, `connections: [{name: code, kind: git, schema: {url: "${url}"}, secret: {name: code}}]\n`);
  writeFileSync(job, "run: {kind: job, init: [{connection: code}], container: {command: ['true']}}\n");
  writeFileSync(
    join(work, "secret.yaml"),
    "{apiVersion: v1, kind: Secret, metadata: {name: code}, stringData: {POLYAXON_GIT_CREDENTIALS: none}}\n",
  );
  await bowline("secrets", "apply", "-f", join(work, "secret.yaml"));
  // From here on the command fills the cache of its user, for that is there; first what calls most of the functions.
  mkdirSync(join(home, "cache"), { recursive: true });
  await bowline("run", "-f", job, "--config", config, "-o", "json");
  await bowline("initializer", "git", "--url", url, "--revision", "main", "--path", join(work, "tree"), "-o", "json");
  await bowline("check", "-f", job, "--config", config);
  await bowline("connections", "ls", "--config", config);
  await bowline("ps");
  const compiled = join(home, "cache", "compiled");
  for (const made of readdirSync(compiled)) {
    const node = made.slice(made.indexOf("node-"));
    mkdirSync(join(kept, node), { recursive: true });
    // The user's cache is the user's own; what is installed is read by everybody.
    for (const name of readdirSync(join(compiled, made))) {
      writeFileSync(join(kept, node, name), readFileSync(join(compiled, made, name)), { mode: 0o644 });
    }
  }
} finally {
  server.closeAllConnections();
  server.close();
  rmSync(work, { recursive: true, force: true, maxRetries: 3 });
}

async function makeRepository() {
  const script = "git init -q --bare --initial-branch=main code.git && git -C code.git fast-import --quiet";
  const stream =
    "commit refs/heads/main\ncommitter Ada <ada@example.com> 1767225600 +0000\ndata 5\nFirst\nM 100644 inline README\ndata 3\nhi\n\n";
  const child = execFile("sh", ["-c", script], { cwd: work, timeout: LIMIT });
  child.stdin.on("error", () => {}).end(stream);
  await once(child, "exit");
}

async function bowline(...words) {
  const env = { PATH: process.env.PATH, HOME: work, TMPDIR: work, BOWLINE_HOME: home };
  const options = { cwd: work, env, timeout: LIMIT };
  await promisify(execFile)(process.execPath, [join(root, "bin/bowline.js"), ...words], options).catch((error) => {
    console.error(`keep-compiled: "bowline ${words.join(" ")}" fails here: ${error.stderr || error.message}`);
  });
}
