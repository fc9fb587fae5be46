import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import type { Timeouts } from "../../config/index.ts";
import type { Credential } from "../../connections/index.ts";
import { BowlineError, shellQuote, withoutBrackets, type GitUrl } from "../../lib/index.ts";
import { writeSshKey } from "./ssh-key.ts";
import { launcherFor } from "./ssh-launcher.ts";
import { fileName, OWN_SETTINGS, timeSettings, userSettings } from "./ssh-settings.ts";
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
  const folder = await mkdtemp(join(options.folder ?? tmpdir(), "ssh-"));
  let tunnel: SshTunnel | undefined;
  const close = async (): Promise<void> => {
    tunnel?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const launcher = await launcherFor(url, folder);
    await writeFile(join(folder, "known_hosts"), `${credential?.knownHosts ?? ""}\n`, { mode: 0o600 });
    const key = credential?.ssh === undefined ? undefined : await writeSshKey(folder, credential);
    tunnel =
      credential?.proxy === undefined
        ? undefined
        : await openSshTunnel(credential.proxy, { url, ca: credential.ca, timeouts: options.timeouts });
    const settings = {
      ...OWN_SETTINGS,
      ...timeSettings(options.timeouts),
      ...(key === undefined ? { PubkeyAuthentication: "no" } : { IdentityFile: fileName(key.file) }),
      ...(key?.askpass === undefined ? { BatchMode: "yes" } : { NumberOfPasswordPrompts: "1" }),
      UserKnownHostsFile: fileName(join(folder, "known_hosts")),
      StrictHostKeyChecking: hostKeys === "check" ? "yes" : "accept-new",
      ...(tunnel === undefined ? {} : throughTunnel(tunnel, url)),
    };
    const askpass =
      key?.askpass === undefined ? [] : [`SSH_ASKPASS=${shellQuote(key.askpass)}`, "SSH_ASKPASS_REQUIRE=force"];
    // for the shell that git starts GIT_SSH_COMMAND with
    const words = Object.entries(settings).map(([name, value]) => `-o ${shellQuote(`${name}=${value}`)}`);
    return {
      env: gitEnv([...askpass, ...launcher.map(shellQuote), "ssh", "-F", devNull, ...words].join(" ")),
      folder,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** ssh takes the first value it meets, so these win over the host and port that git adds; the host's key keeps its real name. */
function throughTunnel({ port }: SshTunnel, url: GitUrl): Record<string, string> {
  const host = withoutBrackets(url.host);
  const alias = url.port === undefined ? host : `[${host}]:${url.port}`;
  return { HostName: "127.0.0.1", Port: String(port), HostKeyAlias: alias };
}

/** `from: git`: the user's own configuration, agent, keys and known_hosts, but never a question. */
async function usersOwn(credential: Credential, { url, timeouts }: SshOptions): Promise<SshAccess> {
  const { GIT_SSH_COMMAND: own = "ssh", ...env } = credential.userEnv ?? {};
  const words = Object.entries(userSettings(timeouts)).map(([name, value]) => `-o ${name}=${value}`);
  const command = [own, ...words].join(" ");
  const launcher = await launcherFor(url);
  // The user's command is one for a shell, with assignments perhaps, which the launcher would take for a program.
  const launched = [...launcher, "sh", "-c", shellQuote(`${command} "$@"`), "ssh"].join(" ");
  const access = gitEnv(launcher.length === 0 ? command : launched);
  return { env: { ...env, ...access }, folder: "", close: () => Promise.resolve() };
}

function gitEnv(command: string): Record<string, string> {
  return { GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: "ssh" };
}

function hostKeyUnknown({ url, connection, credential }: SshOptions): BowlineError {
  const none = `give the connection a secret with ssh-privatekey and known_hosts, or add an entry to "credentials:" of the config`;
  return new BowlineError({
    code: "SSH_HOST_KEY_UNKNOWN",
    message: `the host key of "${url.host}" is not known: there is no known_hosts for "${url.text}"`,
    // Without a secret there is none to keep a host key in.
    hint: credential === undefined ? none : trustHint(connection),
    ...(connection === undefined ? {} : { connection }),
  });
}
