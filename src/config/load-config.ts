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
  const home = homeFolders(request.env);
  const network = networkFrom(request.env);
  const location = await findConfig(request, home);
  const config: Config = {
    origin: location?.origin ?? "none",
    trusted: true,
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
  if (location === undefined) return { ...config, settings: settingsOf(config, { env: request.env }) };
  config.path = location.path;
  config.trusted = location.origin !== "found" || (await isTrusted(location.path, home));
  const text = await readText(location.path);
  // Loaded only when there is a file to read, for it brings the YAML parser and the schemas.
  const { readConfig } = await import("./read-config.ts");
  const { placeOf, ...read } = readConfig(text, { path: location.path, trusted: config.trusted });
  Object.assign(config, read);
  config.settings = settingsOf(config, { env: request.env, placeOf });
  return config;
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
