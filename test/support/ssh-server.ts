import { execa } from "execa";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryFolder } from "./temporary-folder.ts";

export interface SshKey {
  /** As OpenSSH writes it, with its final newline. */
  privateKey: string;
  /** One line, without newline. */
  publicKey: string;
}

export interface SshServerOptions {
  /** Folder of bare repositories. */
  root: string;
  /** Who is let in, and the owners or repositories he may read; all when absent. */
  keys: { publicKey: string; access?: string[] }[];
  host?: string;
  port?: number;
  /** Whether it does not hear which protocol is wished, as sshd does not unless it is told to: v0 is spoken. */
  v0?: true;
  /** Whether `git-receive-pack` is served, too. */
  push?: true;
  /** Commands that are run as they are asked for, besides `git-upload-pack`. */
  also?: string[];
  /** What it says to whoever may not read a repository, or asks for one that is not there; one line or more. */
  refusal?: string;
  /** Reused to be the same server again; a new one when absent. */
  hostKey?: SshKey;
}

export interface SshServer {
  host: string;
  port: number;
  /** The user name to log in with: whoever runs the tests. */
  user: string;
  /** `ssh://USER@HOST:PORT`, without a slash at the end. */
  url: string;
  hostKey: SshKey;
  /** The line for known_hosts. */
  knownHosts: string;
  /** Every command that a client asked for. */
  commands: () => string[];
  close: () => Promise<void>;
}

const SSHD = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"].find((path) => existsSync(path));

/** Why there is no ssh server here, to be shown in the name of what is skipped; undefined when there is one. */
export const noSshServer: string | undefined =
  SSHD === undefined ? "no sshd here (Debian: apt-get install openssh-server)" : undefined;

export async function makeSshKey(options: { passphrase?: string; type?: string; pem?: true } = {}): Promise<SshKey> {
  const file = join(await temporaryFolder(), "key");
  const { passphrase = "", type = "ed25519", pem } = options;
  await execa("ssh-keygen", [
    "-q",
    "-t",
    type,
    "-N",
    passphrase,
    "-C",
    "test",
    "-f",
    file,
    ...(pem ? ["-m", "PEM"] : []),
  ]);
  return { privateKey: await readFile(file, "utf8"), publicKey: (await readFile(`${file}.pub`, "utf8")).trim() };
}

/** A real sshd of our own on a high port, that serves `git-upload-pack` of the repositories and nothing else. */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const { root, keys, host = "127.0.0.1", hostKey = await makeSshKey(), push = false, also = [] } = options;
  const { refusal = "ERROR: Repository not found." } = options;
  const folder = await temporaryFolder();
  const user = userInfo().username;
  const port = options.port ?? (await freePort(host));
  const command = join(folder, "command");
  const log = join(folder, "commands");
  await writeFile(log, "");
  await writeFile(join(folder, "host-key"), hostKey.privateKey, { mode: 0o600 });
  await writeFile(
    join(folder, "authorized"),
    keys
      .map(({ publicKey, access }) => `command="${command} ${access?.join(" ") ?? ""}",restrict ${publicKey}\n`)
      .join(""),
  );
  await writeFile(command, forcedCommand({ root, log, push, also, refusal }));
  await chmod(command, 0o755);
  await writeFile(join(folder, "config"), daemonConfig({ folder, host, port, v0: options.v0 === true }));
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const daemon = execa(SSHD as string, ["-D", "-e", "-f", join(folder, "config")], { reject: false, cleanup: true });
  await listening({ host, port, daemon });
  const known = port === 22 ? host : `[${host}]:${port}`;
  const knownHosts = `${known} ${hostKey.publicKey.split(" ").slice(0, 2).join(" ")}\n`;
  return {
    ...{ host, port, user, url: `ssh://${user}@${host}:${port}`, hostKey, knownHosts },
    commands: () =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line !== ""),
    async close() {
      daemon.kill("SIGTERM");
      await daemon;
    },
  };
}

function daemonConfig(options: { folder: string; host: string; port: number; v0?: boolean }): string {
  const { folder, host, port, v0 = false } = options;
  return `ListenAddress ${host}:${port}
HostKey ${folder}/host-key
AuthorizedKeysFile ${folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
${v0 ? "" : "AcceptEnv GIT_PROTOCOL\n"}`;
}

interface ForcedCommand {
  root: string;
  log: string;
  push: boolean;
  also: string[];
  refusal: string;
}

/** Takes `/org/test.git` and `org/test.git` alike for a place below the root, as forges do. */
function forcedCommand({ root, log, push, also, refusal }: ForcedCommand): string {
  const pushing = push ? ` | "git-receive-pack '"*"'"` : "";
  const others = also.map((command) => `"${command}") exec ${command} ;;\n`).join("");
  return `#!/bin/sh
printf '%s\\n' "$SSH_ORIGINAL_COMMAND" >> '${log}'
case $SSH_ORIGINAL_COMMAND in
"git-upload-pack '"*"'"${pushing}) path=\${SSH_ORIGINAL_COMMAND#git-*-pack \\'} path=\${path%\\'} ;;
${others}*) echo "ERROR: only git-upload-pack is served" >&2; exit 1 ;;
esac
path=\${path#/} path=\${path#'~/'} name=\${path%.git}
case $path in *..*) exit 1 ;; esac
seen=$([ $# -eq 0 ] && echo yes)
for prefix in "$@"; do case $name in "$prefix" | "$prefix"/*) seen=yes ;; esac; done
if [ -z "$seen" ] || ! [ -d '${root}'/"$name".git ]; then
  echo '${refusal}' >&2
  exit 1
fi
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
exec "\${SSH_ORIGINAL_COMMAND%% *}" '${root}'/"$name".git
`;
}

async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening({
  host,
  port,
  daemon,
}: {
  host: string;
  port: number;
  daemon: { exitCode: number | null };
}): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (daemon.exitCode !== null) throw new Error("sshd does not start");
    if (await accepts(host, port)) return;
    await sleep(25);
  }
  throw new Error("sshd does not listen");
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
