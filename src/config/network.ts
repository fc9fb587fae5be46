import type { Network } from "./config.ts";
import type { Environment } from "./home.ts";

/**
 * Trust and proxies as the environment has them. The lower-case name of a proxy variable wins over the upper-case one,
 * as in curl, whose variables these are; an empty one counts as not set.
 */
export function networkFrom(env: Environment): Network {
  const network: Network = {};
  set(network, "certificateFile", env["SSL_CERT_FILE"]);
  set(network, "httpProxy", env["http_proxy"] || env["HTTP_PROXY"]);
  set(network, "httpsProxy", env["https_proxy"] || env["HTTPS_PROXY"]);
  set(network, "allProxy", env["all_proxy"] || env["ALL_PROXY"]);
  set(network, "noProxy", env["no_proxy"] || env["NO_PROXY"]);
  set(network, "searchPath", env["PATH"]);
  if (env["BOWLINE_GIT_FETCH"] === "git") network.fetchBy = "git";
  return network;
}

function set(network: Network, key: Exclude<keyof Network, "fetchBy">, value: string | undefined): void {
  if (value) network[key] = value;
}
