// Everything a contender works with: repositories, server, folders, an environment with nothing of the user's.
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { fileURLToPath } from "node:url";
import { prepareRepositories } from "./repositories.js";
import { CERTIFICATE_FILE, KEY_FILE, LOGIN } from "./settings.js";

const LIMIT = 300_000;
const NEEDED_IN_RAM = 8e9;
const TRUSTED_FILE = "trusted.pem";
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/** Opens the world of one bench; `close` ends its processes and removes its folders. */
export async function openWorld({ names, keep = tmpdir(), tiny, say }) {
  const { root, repositories } = await prepareRepositories({ names, folder: keep, tiny, say });
  const ram = await mkdtemp(join((await hasRam()) ? "/dev/shm" : tmpdir(), "bowline-bench-"));
  const disk = await mkdtemp(join(tmpdir(), "bowline-bench-"));
  const env = environment(ram);
  for (const folder of [env.HOME, env.TMPDIR]) await mkdir(folder, { recursive: true });
  await makeCertificate(ram, env);
  const server = await startPartner("server.js", [root, ram], env);
  const library = await startPartner("library.js", [], env);
  return {
    ...{ repositories, ram, disk, env },
    url: ({ name }, place = "near") => `${server.first[place]}/${name}.git`,
    start: (command, args, more) => start(command, args, { ...env, ...more }),
    library: async (jobs) => {
      const answer = await library.ask(jobs);
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer;
    },
    resetCounts: () => server.ask("reset"),
    counts: () => server.ask("counts"),
    close: async () => {
      server.end();
      library.end();
      for (const folder of [ram, disk]) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** A certificate for the server, trusted beside the authorities of this machine, which everybody reads as usual. */
async function makeCertificate(folder, env) {
  const [key, certificate, trusted] = [KEY_FILE, CERTIFICATE_FILE, TRUSTED_FILE].map((name) => join(folder, name));
  const subject = ["-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  await start("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", certificate], env);
  const authorities = existsSync(AUTHORITIES) ? await readFile(AUTHORITIES, "utf8") : rootCertificates.join("\n");
  await writeFile(trusted, `${authorities}\n${await readFile(certificate, "utf8")}`);
  Object.assign(env, { SSL_CERT_FILE: trusted, GIT_SSL_CAINFO: trusted });
}

/** The path of a file of this repository. */
export function fileOf(path) {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** NODE_EXTRA_CA_CERTS is not in it: it costs every start of Node on some machines 45 ms. */
function environment(folder) {
  const authorization = `Authorization: Basic ${Buffer.from(LOGIN).toString("base64")}`;
  return {
    PATH: process.env.PATH,
    HOME: join(folder, "home"),
    TMPDIR: join(folder, "tmp"),
    LC_ALL: "C",
    POLYAXON_GIT_CREDENTIALS: LOGIN,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: devNull,
    GIT_TERMINAL_PROMPT: "0",
    // Given in advance, so that git is not charged for a first request that is refused.
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "http.extraHeader",
    GIT_CONFIG_VALUE_0: authorization,
  };
}

async function hasRam() {
  if (!existsSync("/dev/shm")) return false;
  const { bavail, bsize } = await statfs("/dev/shm");
  return bavail * bsize > NEEDED_IN_RAM;
}

/** A process of the bench that answers one message at a time. */
async function startPartner(file, args, env) {
  const child = fork(fileOf(`bench/${file}`), args, { env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`${file} ended`)));
  ended.catch(() => {});
  const answer = async () => (await Promise.race([once(child, "message"), ended]))[0];
  const first = await answer();
  return {
    first,
    ask: (message) => {
      child.send(message);
      return answer();
    },
    end: () => child.kill(),
  };
}

/** Runs one program to its end; its standard output. A failure is an error with its last words. */
async function start(command, args, env) {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT, killSignal: "SIGKILL" });
  let output = "";
  let words = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (words = `${words}${chunk}`.slice(-4000)));
  const [code, signal] = await once(child, "close");
  if (code !== 0) throw new Error(`${command} ended with ${code ?? signal}: ${(words || output).trim().slice(-600)}`);
  return output;
}
