import { availableParallelism } from "node:os";
import { inScope } from "../../connections/index.ts";
import type { Policy } from "../../config/index.ts";
import type { Access } from "../access.ts";
import { authorizationOf, USER_AGENT } from "../http/client.ts";
import { isHttp } from "../http/place.ts";

export interface GitConfigOptions {
  /** Where git is to go, if anywhere. */
  access?: Access | undefined;
  policy: Policy;
  /** PEM file of everything trusted, for an https url or proxy. */
  certificates?: string | undefined;
  proxy?: URL | undefined;
  /** More sections; they win. */
  config?: string | undefined;
}

/**
 * The whole configuration of one git: what a hostile repository or the user's own set-up could change is set here, and nothing else is read.
 * It holds the credential and must reach no disk under a name.
 */
export function gitConfig(options: GitConfigOptions): string {
  const { access, policy } = options;
  const sections = [BASE, fsckSection(policy), httpSection(options)];
  const authorization = access && isHttp(access.url) ? authorizationOf(access.credential) : undefined;
  if (access !== undefined && authorization !== undefined) {
    for (const url of urlsOf(access)) {
      sections.push(configSection(`http ${quoted(url)}`, { extraHeader: `Authorization: ${authorization}` }));
    }
  }
  return sections.join("") + (options.config ?? "");
}

/** Faults of objects that forges tolerate in old history: `git help fsck`, "fsck.<msg-id>". */
export function fsckIgnored({ fsck }: Policy): string[] {
  return fsck.ignore.filter((id) => /^[A-Za-z]+$/.test(id));
}

/**
 * What bounds the memory of receiving a pack and of checking it out, whatever is in the pack and however many cores there are: an init
 * container has little, and 96 MiB a thread by default. Files above the threshold go from the pack to the disk in pieces.
 */
const LITTLE_MEMORY = {
  core: { bigFileThreshold: "16m", deltaBaseCacheLimit: "32m" },
  pack: { threads: String(Math.min(3, availableParallelism())) },
};

const BASE =
  configSection("core", {
    hooksPath: "/dev/null",
    fsmonitor: "false",
    attributesFile: "/dev/null",
    excludesFile: "/dev/null",
    protectNTFS: "true",
    protectHFS: "true",
    untrackedCache: "false",
    ...LITTLE_MEMORY.core,
  }) +
  configSection("pack", LITTLE_MEMORY.pack) +
  configSection("safe", { bareRepository: "explicit" }) +
  // an empty value forgets every helper named before
  configSection("credential", { helper: "" }) +
  configSection("transfer", { bundleURI: "false" }) +
  configSection("fetch", {
    fsckObjects: "true",
    unpackLimit: "1",
    writeCommitGraph: "false",
    recurseSubmodules: "false",
  }) +
  configSection("submodule", { recurse: "false" }) +
  configSection("gc", { auto: "0" }) +
  configSection("maintenance", { auto: "false" }) +
  configSection("checkout", { workers: "2" }) +
  configSection("advice", { detachedHead: "false" }) +
  configSection("init", { defaultBranch: "main" });

function fsckSection(policy: Policy): string {
  return configSection('fetch "fsck"', Object.fromEntries(fsckIgnored(policy).map((id) => [id, "ignore"])));
}

function httpSection({ policy, certificates, proxy }: GitConfigOptions): string {
  return configSection("http", {
    followRedirects: "false",
    userAgent: USER_AGENT,
    // A server that makes its pack says so every 5 s with a few bytes: 1 byte per second is less than that.
    lowSpeedLimit: "1",
    lowSpeedTime: String(Math.max(1, Math.ceil(policy.timeouts.stall / 1000))),
    ...(certificates !== undefined && { sslCAInfo: certificates }),
    proxy: proxy?.href ?? "",
    ...(proxy !== undefined && {
      proxyAuthMethod: "basic",
      ...(certificates !== undefined && { proxySSLCAInfo: certificates }),
    }),
  });
}

/** The url itself, and with `.git` added: git and LFS ask below either, and git matches whole path segments. */
function urlsOf({ url, credential }: Access): string[] {
  const bare = url.href.replace(/\/$/, "");
  const both = [bare, `${bare.replace(/\.git$/, "")}.git`];
  return [...new Set(both)].filter(
    (href) => credential !== undefined && inScope(credential.scope, { ...url, href, path: new URL(href).pathname }),
  );
}

/** A section of a configuration file, its values quoted. */
export function configSection(name: string, values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([key, value]) => `\t${key} = ${quoted(value)}\n`);
  return `[${name}]\n${lines.join("")}`;
}

/** A value or subsection as git's configuration has it: `git help config`, "Syntax". */
export function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
