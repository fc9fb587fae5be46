import { join } from "node:path";
import { createRedactor, isOfMachine, makePrivateFolder } from "../../lib/index.ts";
import type { Access } from "../access.ts";
import { gitConfig } from "./git-config.ts";
import { gitFailure } from "./git-failure.ts";
import { FALLBACK_PATH } from "./git-version.ts";
import { startGit, type GitExit, type GitInput } from "./git-process.ts";
import { isHttp } from "../http/place.ts";
import { proxyFor, shownProxy } from "../http/proxy.ts";
import { certificateFile, trustedCertificates } from "../http/trust.ts";
import { keepPrivate, type PrivateConfig } from "./private-config.ts";
import type { GitRequest } from "../request.ts";
import type { SshAccess, SshOptions } from "../ssh/ssh.ts";

/** git, set up once for one place to go and one credential, to be started any number of times. */
export interface Git {
  /** Starts git with these arguments. Throws a BowlineError for an exit code that is not expected. */
  run: (args: readonly string[], options?: RunOptions) => Promise<GitExit>;
  /** Takes the credential and keys away. */
  close: () => Promise<void>;
}

export interface RunOptions {
  /** The private folder when absent. */
  cwd?: string;
  input?: GitInput;
  /** Exit codes besides 0 that are an answer, unless git says that the machine is to blame. */
  expected?: readonly number[];
  onLine?: (line: string) => void;
  signal?: AbortSignal;
  /** More environment; it wins. */
  env?: Readonly<Record<string, string>>;
  /** What it is given came from a server and it goes nowhere: it gets neither credential nor proxy, and may ask nobody. */
  local?: boolean;
}

export interface OpenGitOptions extends Pick<GitRequest, "policy" | "network" | "cache" | "connection" | "mark"> {
  /** Where git may go and with what; absent: nowhere, git works on this machine only. */
  access?: Access;
  /** A private folder (mode 0700) that exists; it becomes git's home. */
  folder: string;
  signal: AbortSignal;
  /** More sections of configuration; they win. */
  config?: string;
}

/**
 * The most memory that git takes for one thing (git.c knows it, no page of the manual does): a few bytes of a pack can claim to unfold to any size, and such a
 * difference is made in memory. Servers send files above 512 MB whole, and those go to the disk in pieces; a list of 30 million objects is less.
 */
const MOST_AT_ONCE = "2g";

/** What waits for a server; other commands do so only where contents were left out (`--filter`). */
const NETWORK_COMMANDS = new Set(["fetch", "ls-remote", "lfs"]);

/** Sets up environment, configuration, credential, trust and proxy. Nothing of this process's environment but PATH reaches git. */
export async function openGit(options: OpenGitOptions): Promise<Git> {
  const { access, folder, policy, network, signal } = options;
  const home = join(folder, "home");
  await makePrivateFolder(home);
  const ssh =
    access?.url.scheme === "ssh" ? await openSshFor({ ...options, ...access, timeouts: policy.timeouts }) : undefined;
  const settings = await httpSettings(options);
  const kept = await keepPrivate(
    gitConfig({ access, policy, config: options.config, ...settings }),
    join(folder, "config"),
  );
  let bare: Promise<PrivateConfig> | undefined;
  const withoutAccess = (): Promise<PrivateConfig> =>
    (bare ??= keepPrivate(gitConfig({ policy }), join(folder, "config-local")));
  const redactor = createRedactor(access?.credential?.secretValues ?? []);
  const env = {
    PATH: network.searchPath ?? FALLBACK_PATH,
    HOME: home,
    XDG_CONFIG_HOME: home,
    TMPDIR: folder,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_ALLOC_LIMIT: MOST_AT_ONCE,
    ...options.mark,
  };
  const toNobody = { GIT_ALLOW_PROTOCOL: "none", GIT_NO_LAZY_FETCH: "1" };
  const places = access === undefined ? toNobody : { GIT_ALLOW_PROTOCOL: access.url.scheme, ...ssh?.env };
  async function run(args: readonly string[], runOptions: RunOptions = {}): Promise<GitExit> {
    const { cwd = folder, expected = [], onLine, input, local = false } = runOptions;
    const { path, descriptor } = local ? await withoutAccess() : kept;
    const exit = await startGit({
      reachesOut: access !== undefined && args.some((word) => NETWORK_COMMANDS.has(word)),
      ...{ args, cwd, input, descriptor },
      env: { ...env, GIT_CONFIG_GLOBAL: path, ...(local ? toNobody : places), ...runOptions.env },
      signal: runOptions.signal === undefined ? signal : AbortSignal.any([signal, runOptions.signal]),
      onLine: onLine && ((line) => onLine(redactor.text(line))),
    });
    const answer = { ...exit, stderr: redactor.text(exit.stderr) };
    if (exit.code === 0) return answer;
    const proxy = settings.proxy && shownProxy(settings.proxy);
    const failure = gitFailure(answer, { access, connection: options.connection, proxy, command: args });
    if (expected.includes(exit.code) && !isOfMachine(failure)) return answer;
    throw failure;
  }
  async function close(): Promise<void> {
    await kept.close();
    await (await bare?.catch(() => undefined))?.close();
    await ssh?.close();
  }
  return { run, close };
}

async function httpSettings({
  access,
  network,
  cache,
  folder,
}: OpenGitOptions): Promise<{ certificates?: string; proxy?: URL }> {
  const url = access?.url;
  if (url === undefined || !isHttp(url)) return {};
  const proxy = proxyFor(url, network, access?.credential?.proxy);
  if (url.scheme === "http" && proxy?.protocol !== "https:") return proxy ? { proxy } : {};
  const trusted = await trustedCertificates(network, access?.credential?.ca);
  const certificates = await certificateFile(trusted, cache ?? folder);
  return { certificates, ...(proxy && { proxy }) };
}

/** Loaded for ssh only: the library that it starts ssh with costs every start 20 ms. */
async function openSshFor(options: SshOptions): Promise<SshAccess> {
  const { openSsh } = await import("../ssh/ssh.ts");
  return openSsh(options);
}
