import { readFile } from "node:fs/promises";
import { BowlineError, errnoOf } from "../lib/index.ts";
import type { Config } from "./config.ts";
import { DEFAULT_POLICY } from "./default-policy.ts";
import { dockerFrom } from "./docker.ts";
import { type ConfigRequest, findConfig } from "./find-config.ts";
import { homeFolders } from "./home.ts";
import { networkFrom } from "./network.ts";
import { settingsOf } from "./settings.ts";
import { isTrusted } from "./trust.ts";

/**
 * Finds, reads and checks the config, and adds what the environment says. Without a config everything has its default.
 * Throws every problem of the file at once, each with its place.
 */
export async function loadConfig(request: ConfigRequest): Promise<Config> {
  const { home, ...located } = await locateConfig(request);
  const network = networkFrom(request.env);
  const config: Config = {
    ...located,
    executor: { kind: "process" },
    catalog: { connections: new Map(), credentials: [] },
    init: {},
    policy: DEFAULT_POLICY,
    home,
    network,
    docker: dockerFrom(request.env),
    settings: [],
    warnings: [],
  };
  const { path, trusted } = located;
  if (path === undefined) return { ...config, settings: settingsOf(config, { env: request.env }) };
  const text = await readText(path);
  // Loaded only when there is a file to read, for it brings the YAML parser and the schemas.
  const { readConfig } = await import("./read-config.ts");
  const { placeOf, ...read } = readConfig(text, { path, trusted });
  Object.assign(config, read);
  config.settings = settingsOf(config, { env: request.env, placeOf });
  return config;
}

/** Where the config is and whether it is trusted, without reading it: what is wrong in it may come from its policy not being in force yet. */
export async function locateConfig(
  request: ConfigRequest,
): Promise<Pick<Config, "home" | "origin" | "trusted"> & { path?: string }> {
  const home = homeFolders(request.env);
  const location = await findConfig(request, home);
  if (location === undefined) return { home, origin: "none", trusted: true };
  const { path, origin } = location;
  return { home, path, origin, trusted: origin !== "found" || (await isTrusted(path, home)) };
}

/** The JSON Schema of the config file, for editors. */
export async function configJsonSchema(): Promise<Record<string, unknown>> {
  const { jsonSchemaOfConfig } = await import("./json-schema.ts");
  return jsonSchemaOfConfig();
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new BowlineError(
      {
        code: "FILE_NOT_READ",
        message: `the config "${path}" cannot be read (${errnoOf(cause) ?? "unknown"})`,
        hint: "make the file readable for this user",
      },
      { cause },
    );
  }
}
