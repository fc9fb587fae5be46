import { mapTexts, withoutUserInfo, type Place } from "../lib/index.ts";
import type { Config, Setting } from "./config.ts";
import type { Environment } from "./home.ts";

/** Where the values of a config come from. */
interface Sources {
  env: Environment;
  /** Where the file has a path, if it has it; absent when there is no file. */
  placeOf?: (path: readonly PropertyKey[]) => Place | undefined;
}

/** Every value that is in force, with its origin; passwords in proxy urls are left out. */
export function settingsOf(config: Config, sources: Sources): Setting[] {
  const { connections, credentials } = config.catalog;
  return [
    setting("executor", config.executor, ["executor"], sources),
    ...[...connections.values()].map((connection, index) =>
      setting(`connections.${connection.name}`, withoutPlace(connection), ["connections", index], sources),
    ),
    ...credentials.map((entry, index) =>
      setting(`credentials[${index}]`, withoutPlace(entry), ["credentials", index], sources),
    ),
    ...Object.entries(config.init).map(([key, value]) => setting(`init.${key}`, value, ["init", key], sources)),
    ...policySettings(config, sources),
    ...environmentSettings(config, sources.env),
  ];
}

function policySettings({ policy, trusted }: Config, sources: Sources): Setting[] {
  // The policy of an untrusted config is not in force.
  const from = trusted ? sources : { env: sources.env };
  const { timeouts, fsck, cache, ...rest } = policy;
  return [
    ...Object.entries(rest).map(([key, value]) => setting(`policy.${key}`, value, ["policy", key], from)),
    ...Object.entries(timeouts).map(([key, value]) =>
      setting(`policy.timeouts.${key}`, value, ["policy", "timeouts", key], from),
    ),
    setting("policy.cache.maxBytes", cache.maxBytes, ["policy", "cache", "maxBytes"], from),
    setting("policy.fsck.ignore", fsck.ignore, ["policy", "fsck", "ignore"], from),
  ];
}

function environmentSettings({ home, network }: Config, env: Environment): Setting[] {
  const folders: [string, string, string][] = [
    ["home.config", home.config, "XDG_CONFIG_HOME"],
    ["home.data", home.data, "XDG_DATA_HOME"],
    ["home.state", home.state, "XDG_STATE_HOME"],
    ["home.cache", home.cache, "XDG_CACHE_HOME"],
  ];
  const proxies: [string, string | undefined, string][] = [
    ["network.certificateFile", network.certificateFile, "SSL_CERT_FILE"],
    ["network.httpProxy", network.httpProxy, "http_proxy"],
    ["network.httpsProxy", network.httpsProxy, "https_proxy"],
    ["network.allProxy", network.allProxy, "all_proxy"],
    ["network.noProxy", network.noProxy, "no_proxy"],
  ];
  return [
    ...folders.map(([key, value, variable]) =>
      ofVariable(key, value, env["BOWLINE_HOME"] ? "BOWLINE_HOME" : variable, env),
    ),
    ...proxies.flatMap(([key, value, variable]) => {
      if (value === undefined) return [];
      const name = env[variable] ? variable : variable.toUpperCase();
      return [ofVariable(key, value, name, env)];
    }),
  ];
}

function setting(key: string, value: unknown, path: PropertyKey[], { placeOf }: Sources): Setting {
  const place = placeOf?.(path);
  const shown = withoutPasswords(value);
  return place ? { key, value: shown, origin: "config", place } : { key, value: shown, origin: "default" };
}

function ofVariable(key: string, value: string, variable: string, env: Environment): Setting {
  const shown = /_proxy$/i.test(variable) ? withoutUserInfo(value) : value;
  return env[variable]
    ? { key, value: shown, origin: "environment", variable }
    : { key, value: shown, origin: "default" };
}

function withoutPlace(entry: { place?: Place }): unknown {
  const copy = { ...entry };
  delete copy.place;
  return copy;
}

/** A copy in which no url has a password. */
function withoutPasswords(value: unknown): unknown {
  return mapTexts(value, (text) => (/^[a-z0-9+.-]+:\/\//i.test(text) ? withoutUserInfo(text) : text));
}
