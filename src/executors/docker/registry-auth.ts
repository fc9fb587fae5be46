import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../../lib/index.ts";
import { hostOfImage } from "../init-image.ts";

export interface RegistrySettings {
  /** Docker's own folder, with its config.json. */
  folder?: string | undefined;
  /** What credential helpers are started with. */
  programs: Readonly<Record<string, string>>;
}

interface ConfigFile {
  auths?: Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

const DOCKER_HUB = "docker.io";
/** How Docker's client keeps the credential of Docker Hub. */
const DOCKER_HUB_KEY = "https://index.docker.io/v1/";

/** The registry in an image's name; Docker Hub where it names none. */
export function registryOf(image: string): string {
  return hostOfImage(image) ?? DOCKER_HUB;
}

/** The header by which the engine is told a registry's credential (`docker login` left it); undefined where there is none. */
export async function registryAuth(registry: string, settings: RegistrySettings): Promise<string | undefined> {
  const config = await readConfig(settings.folder);
  const key = registry === DOCKER_HUB ? DOCKER_HUB_KEY : registry;
  const helper = config.credHelpers?.[registry] ?? config.credHelpers?.[key] ?? config.credsStore;
  const found = (helper && (await askHelper(helper, { key, settings }))) || kept(config, [key, registry]);
  if (!found) return undefined;
  const text = Buffer.from(JSON.stringify({ ...found, serveraddress: key })).toString("base64");
  // The letters that urls may have, and the padding, without which older engines hear nothing.
  return text.replaceAll("+", "-").replaceAll("/", "_");
}

interface Found {
  username?: string;
  password?: string;
  identitytoken?: string;
}

async function readConfig(folder: string | undefined): Promise<ConfigFile> {
  if (folder === undefined) return {};
  try {
    return JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as ConfigFile;
  } catch {
    // None is there, or one that Docker itself could not read either; the registry will say what it asks for.
    return {};
  }
}

/** https://github.com/docker/docker-credential-helpers: the server on standard input, JSON on standard output. */
async function askHelper(
  helper: string,
  { key, settings }: { key: string; settings: RegistrySettings },
): Promise<Found | undefined> {
  if (!/^[\w.-]+$/.test(helper)) return undefined;
  const asked = { input: key, env: { ...settings.programs }, timeout: 30_000 };
  const { stdout, exitCode } = await runProgram(`docker-credential-${helper}`, ["get"], asked);
  if (exitCode !== 0) return undefined;
  const { Username = "", Secret = "" } = JSON.parse(stdout) as { Username?: string; Secret?: string };
  return Username === "<token>" ? { identitytoken: Secret } : { username: Username, password: Secret };
}

function kept({ auths = {} }: ConfigFile, keys: readonly string[]): Found | undefined {
  const host = (text: string): string => text.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  const entry = Object.entries(auths).find(([name]) => keys.some((key) => host(name) === host(key)))?.[1];
  if (entry === undefined) return undefined;
  if (entry.identitytoken) return { identitytoken: entry.identitytoken };
  if (!entry.auth) return entry.username ? { username: entry.username, password: entry.password ?? "" } : undefined;
  const text = Buffer.from(entry.auth, "base64").toString();
  const colon = text.indexOf(":");
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
