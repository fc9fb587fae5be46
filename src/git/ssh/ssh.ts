import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { devNull, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { Timeouts } from "../../config/index.ts";
import type { Credential } from "../../connections/index.ts";
import { BowlineError, type GitUrl } from "../../lib/index.ts";
import { writeSshKey } from "./ssh-key.ts";
import { trustHint } from "./trust-hint.ts";
import { openSshTunnel, type SshTunnel } from "./ssh-tunnel.ts";

export interface SshOptions {
  url: GitUrl;
  credential?: Credential | undefined;
  /** Name of the connection, for hints. */
  connection?: string | undefined;
  timeouts: Timeouts;
  /** A private folder to put the key's folder in; the system's temporary one when absent. */
  folder?: string | undefined;
  /** `keep`: any host key is taken and written to `known_hosts` in the folder, for somebody to look at. */
  hostKeys?: "check" | "keep";
}

/** What git needs to reach one ssh server, for as long as it is open. */
export interface SshAccess {
  /** For git's environment; it holds paths, never a secret. */
  env: Readonly<Record<string, string>>;
  /** The folder of the key and known_hosts, mode 0700. */
  folder: string;
  /** Takes the key, its folder and the tunnel away. */
  close: () => Promise<void>;
}

/**
 * Makes ready to reach the url by OpenSSH with the credential's key and no other, checking the host's key against the credential's known_hosts.
 * Throws a BowlineError before anything is sent: SSH_HOST_KEY_UNKNOWN, SSH_KEY_INVALID, SSH_USER_UNKNOWN, PROXY_FAILED.
 */
export async function openSsh(options: SshOptions): Promise<SshAccess> {
  const { url, credential, hostKeys = "check" } = options;
  if (credential?.ssh === "user") return usersOwn(credential, options);
  if (hostKeys === "check" && credential?.knownHosts === undefined) throw hostKeyUnknown(options);
  const launcher = await launcherFor(url);
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), "ssh-"));
  let tunnel: SshTunnel | undefined;
  const close = async (): Promise<void> => {
    tunnel?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await writeFile(join(folder, "known_hosts"), `${credential?.knownHosts ?? ""}\n`, { mode: 0o600 });
    const key = credential?.ssh === undefined ? undefined : await writeSshKey(folder, credential);
    tunnel =
      credential?.proxy === undefined
        ? undefined
        : await openSshTunnel(credential.proxy, { url, ca: credential.ca, timeouts: options.timeouts });
    const settings = {
      ...COMMON,
      ...timeSettings(options.timeouts),
      ...(key === undefined ? { PubkeyAuthentication: "no" } : { IdentityFile: key.file }),
      ...(key?.askpass === undefined ? { BatchMode: "yes" } : { NumberOfPasswordPrompts: "1" }),
      UserKnownHostsFile: join(folder, "known_hosts"),
      StrictHostKeyChecking: hostKeys === "check" ? "yes" : "accept-new",
      ...(tunnel === undefined ? {} : throughTunnel(tunnel, url)),
    };
    const askpass =
      key?.askpass === undefined ? [] : [`SSH_ASKPASS=${quote(key.askpass)}`, "SSH_ASKPASS_REQUIRE=force"];
    const words = Object.entries(settings).map(([name, value]) => `-o ${quote(`${name}=${value}`)}`);
    return { env: gitEnv([...askpass, ...launcher, "ssh", "-F", devNull, ...words].join(" ")), folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Nothing of the user's or the machine's own settings; ssh_config(5). */
const COMMON = {
  GlobalKnownHostsFile: devNull,
  IdentitiesOnly: "yes",
  IdentityAgent: "none",
  PreferredAuthentications: "publickey",
  PasswordAuthentication: "no",
  KbdInteractiveAuthentication: "no",
  UpdateHostKeys: "no",
  CheckHostIP: "no",
  HashKnownHosts: "no",
  ForwardAgent: "no",
  ForwardX11: "no",
  ClearAllForwardings: "yes",
  PermitLocalCommand: "no",
  ControlMaster: "no",
  ControlPath: "none",
  // A login banner is no error; what goes wrong is still said.
  LogLevel: "ERROR",
} as const;

function timeSettings({ connect, stall }: Timeouts): Record<string, string> {
  const seconds = (milliseconds: number): string => String(Math.max(1, Math.ceil(milliseconds / 1000)));
  return { ConnectTimeout: seconds(connect), ServerAliveInterval: seconds(stall / 3), ServerAliveCountMax: "3" };
}

/** ssh takes the first value it meets, so these win over the host and port that git adds; the host's key keeps its real name. */
function throughTunnel({ port }: SshTunnel, url: GitUrl): Record<string, string> {
  const host = url.host.replace(/^\[|\]$/g, "");
  const alias = url.port === undefined ? host : `[${host}]:${url.port}`;
  return { HostName: "127.0.0.1", Port: String(port), HostKeyAlias: alias };
}

/** `from: git`: the user's own configuration, agent, keys and known_hosts, but never a question. */
function usersOwn(credential: Credential, { timeouts }: SshOptions): SshAccess {
  const { GIT_SSH_COMMAND: command = "ssh", ...env } = credential.userEnv ?? {};
  const words = Object.entries({ BatchMode: "yes", ...timeSettings(timeouts) }).map(
    ([name, value]) => `-o ${name}=${value}`,
  );
  return { env: { ...env, ...gitEnv([command, ...words].join(" ")) }, folder: "", close: () => Promise.resolve() };
}

function gitEnv(command: string): Record<string, string> {
  return { GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: "ssh" };
}

/** OpenSSH stops with "No user exists for uid" when the system has no name for the user id (as in many containers). */
async function launcherFor(url: GitUrl): Promise<string[]> {
  try {
    userInfo();
    return [];
  } catch {
    // In a user namespace of its own ssh takes itself for root, whom the system knows; files and network stay as they are.
    const launcher = ["unshare", "--user", "--map-root-user", "--"];
    const { failed } = await execa(launcher[0]!, [...launcher.slice(1), "true"], { reject: false });
    if (!failed) return launcher;
    throw new BowlineError({
      code: "SSH_USER_UNKNOWN",
      message: `ssh cannot be used for "${url.text}": the system has no name for the user id ${process.getuid?.()}`,
      hint: "give the user id an entry in /etc/passwd, allow user namespaces, or use an https url with a token",
    });
  }
}

function hostKeyUnknown({ url, connection }: SshOptions): BowlineError {
  return new BowlineError({
    code: "SSH_HOST_KEY_UNKNOWN",
    message: `the host key of "${url.host}" is not known: there is no known_hosts for "${url.text}"`,
    hint: trustHint(connection),
    ...(connection === undefined ? {} : { connection }),
  });
}

/** For the shell that git starts GIT_SSH_COMMAND with. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
