import type { Network, Timeouts } from "../../config/index.ts";
import { configSection } from "../process/git-config.ts";
import { proxyFor } from "../http/proxy.ts";
import type { LfsEndpoint } from "./lfs-endpoint.ts";

export interface LfsConfigOptions {
  endpoint: LfsEndpoint;
  /** Folder for what is downloaded. */
  storage: string;
  /** PEM file of everything trusted. */
  certificates: string;
  network: Network;
  timeouts: Timeouts;
}

/**
 * git-lfs asks again at once, without end, when contents that the server calls free of a credential are refused (401), and keeps a connection open for each try:
 * so it comes to an end after some hundred. It needs about 30 for its work.
 */
const OPEN_FILES = 200;

/** Kilobytes. git-lfs reads a list of objects whole, however long a server makes it. */
const MEMORY = 1024 * 1024;

/**
 * git-lfs, told everything that a `.lfsconfig` or its own guesses would decide (git-lfs-config(5)): the server, where objects are kept, times.
 * A user and password are given by a helper that reads them from this very configuration, when they are asked for; a bearer token goes with the one request that lists the objects.
 */
export function lfsConfig({ endpoint, storage, certificates, network, timeouts }: LfsConfigOptions): string {
  const { url, access } = endpoint;
  const seconds = (milliseconds: number): string => String(Math.max(1, Math.ceil(milliseconds / 1000)));
  const proxy = access.url.scheme === "file" ? undefined : proxyFor(access.url, network, access.credential?.proxy);
  return [
    configSection("lfs", {
      url,
      storage,
      skipDownloadErrors: "false",
      dialTimeout: seconds(timeouts.connect),
      tlsTimeout: seconds(timeouts.connect),
      activityTimeout: seconds(timeouts.stall),
      sshTransfer: "never",
    }),
    configSection('lfs "transfer"', { maxRetries: "3", maxRetryDelay: "5" }),
    configSection('filter "lfs"', {
      process: `ulimit -n ${OPEN_FILES} 2>/dev/null; ulimit -d ${MEMORY} 2>/dev/null; git-lfs filter-process`,
      smudge: "git-lfs smudge -- %f",
      clean: "git-lfs clean -- %f",
      required: "true",
    }),
    configSection("http", { sslCAInfo: certificates, ...(proxy === undefined ? {} : { proxy: proxy.href }) }),
    ...credentialSections(endpoint, `${storage}.refused`),
  ].join("");
}

function credentialSections({ url, access }: LfsEndpoint, refused: string): string[] {
  const http = url.startsWith("http") ? access.credential?.http : undefined;
  if (http === undefined) return [];
  if (http.kind === "bearer")
    return [configSection(`http "${url}/objects/batch"`, { extraHeader: `Authorization: Bearer ${http.token}` })];
  // git-lfs asks for the url of `origin` where that is on the same host, with or without `.git`, else for the server's own.
  const repository = url.replace(/(\.git)?\/info\/lfs$/, "");
  const places = [...new Set([repository, `${repository}.git`, url])];
  return [
    configSection("bowline", { username: http.username, password: http.password, refused }),
    configSection(`lfs "${url}"`, { access: "basic" }),
    ...places.map((place) => configSection(`credential "${place}"`, { helper: HELPER, useHttpPath: "true" })),
  ];
}

/**
 * What it prints is in no argument: `printf` is part of the shell. Once the server has refused the credential (`erase`, gitcredentials(7)) it is not
 * given again: git-lfs would go on without end.
 */
const HELPER =
  `!f() { r=$(git config bowline.refused); [ "$1" = erase ] && : > "$r"; [ "$1" = get ] && [ ! -e "$r" ] && ` +
  `printf 'username=%s\\npassword=%s\\n' "$(git config bowline.username)" "$(git config bowline.password)"; }; f`;
