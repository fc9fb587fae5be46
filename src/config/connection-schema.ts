import * as z from "zod";
import { BowlineError, checkRevision, parseGitUrl } from "../lib/index.ts";
import { parseGitFlags } from "../spec/index.ts";
import { checkedText, type Fault, report, text } from "./fields.ts";

/** What the checks of a connection depend on. */
export interface ConnectionRules {
  schemes: readonly string[];
  /** Flags the policy allows; absent: all that are known. */
  flags?: readonly string[];
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** A connection of kind `git` or `ssh`. */
export function gitConnectionSchema(rules: ConnectionRules) {
  return z.strictObject({ ...commonFields(z.enum(["git", "ssh"])), schema: gitSchema(rules).optional() });
}

/** A connection of any other kind; its schema is carried and not interpreted. */
export function otherConnectionSchema() {
  const schema = z.record(z.string(), z.unknown()).describe("Any map; Bowline carries it and does not interpret it.");
  return z.strictObject({ ...commonFields(text("")), schema: schema.optional() });
}

/** Whether what was written is meant to be a git connection. */
export function isGitKind(connection: unknown): boolean {
  const kind = (connection as { kind?: unknown } | null)?.kind;
  return kind === "git" || kind === "ssh";
}

function commonFields<Kind extends z.ZodType>(kind: Kind) {
  return {
    name: checkedText("The name that polyaxonfiles use; it becomes a folder.", nameFault),
    kind: kind.describe("`git`, `ssh`, or any other kind, which is carried and not interpreted."),
    description: text("What this is, for people.").optional(),
    tags: z.array(text("A tag.")).describe("Words to find the connection by.").optional(),
    secret: z.lazy(() => resourceSchema("secret")).optional(),
    configMap: z.lazy(() => resourceSchema("config map")).optional(),
    env: z
      .lazy(() => z.array(envVarSchema()).describe("Environment of every container that uses the connection."))
      .optional(),
    annotations: z
      .lazy(() => z.record(z.string(), z.string()).describe("Annotations of pods that use the connection."))
      .optional(),
  };
}

function gitSchema({ schemes, flags }: ConnectionRules) {
  return z
    .strictObject({
      url: checkedText("The repository: https://…, ssh://… or git@HOST:PATH.", (url) =>
        urlFault(url, schemes),
      ).optional(),
      revision: checkedText("Branch, tag or commit when the polyaxonfile names none.", checkRevision).optional(),
      flags: z
        .array(checkedText("A flag of git clone.", (flag) => parseGitFlags([flag], flags).problems[0]))
        .describe("Flags of git clone, from an allow-list: --depth 1, --recurse-submodules …")
        .optional(),
      provider: providerSchema().optional(),
      auth: authSchema().optional(),
      username: text("The user name that goes with a bare token.").optional(),
      proxy: connectionProxySchema().optional(),
    })
    .describe("The repository, and how its server wants to be spoken to.");
}

/** `provider:` of connections and credentials. */
export function providerSchema() {
  return z
    .enum(["github", "gitlab", "bitbucket", "gitea", "azure-devops"])
    .describe("The forge, for a self-hosted one whose host name does not tell.");
}

/** `auth:` of connections and credentials. */
export function authSchema() {
  return z
    .enum(["basic", "bearer"])
    .describe("How a token is sent: as a password (basic, the default) or as a bearer token.");
}

const PROXY = "The url of the proxy; it wins over the proxy variables.";

/** `proxy:` of a credentials entry. */
export function proxySchema() {
  return checkedText(PROXY, proxyFault);
}

/** `proxy:` of a connection, which is copied into plans and run records: it may hold no password. */
function connectionProxySchema() {
  return checkedText(PROXY, (proxy) => {
    if (proxyFault(proxy) || !/^https?:\/\/[^/?#]*@/i.test(proxy)) return proxyFault(proxy);
    const hint = "give the whole url in an entry of `credentials:` (match, proxy), or by the variable HTTPS_PROXY";
    return { message: "a connection's proxy may hold no user name and no password", hint };
  });
}

function proxyFault(proxy: string): Fault | undefined {
  // The text may hold a password, so it is not repeated.
  if (/^https?:\/\/[^/]/i.test(proxy) && URL.canParse(proxy)) return undefined;
  return { message: "the proxy is not an http url", hint: "write http://HOST:PORT" };
}

/** `secret:` and `configMap:`. */
export function resourceSchema(noun: string) {
  return z
    .strictObject({
      name: text(`The name of the ${noun}.`),
      mountPath: checkedText(
        "Where its keys are put as files, instead of environment variables.",
        mountFault,
      ).optional(),
      items: z.array(text("A key.")).min(1).describe("Only these keys.").optional(),
      defaultMode: fileModeSchema().optional(),
    })
    .describe(`The ${noun} a container that uses the connection is given.`);
}

/** One variable, as Kubernetes writes it. */
export function envVarSchema() {
  return z.strictObject({
    name: checkedText("The variable's name.", (name) =>
      /[=\0]/.test(name) ? { message: `"${name}" cannot be the name of a variable`, hint: 'leave out "="' } : undefined,
    ),
    value: z.string().describe("Its value.").optional(),
    valueFrom: z.record(z.string(), z.unknown()).describe("Kubernetes' valueFrom, passed through.").optional(),
  });
}

/** A mode as `ls` and `chmod` have it (0600), or Kubernetes' decimal number for it (384). */
function fileModeSchema() {
  return z
    .union([z.number(), z.string()])
    .describe("Mode of the files: octal with a leading zero (0600), or Kubernetes' decimal number (384).")
    .transform((written, context) => {
      const octal = typeof written === "string" && /^0o?[0-7]{1,4}$/.test(written);
      const mode = octal ? Number.parseInt((written as string).replace("0o", "0"), 8) : Number(written);
      const known = octal || typeof written === "number";
      if (known && Number.isInteger(mode) && mode >= 0 && mode <= 0o777) return mode;
      report(context, {
        message: "the mode is none of a file",
        hint: "write it as chmod has it, with a zero in front: 0600",
      });
      return z.NEVER;
    });
}

function nameFault(name: string): Fault | undefined {
  if (NAME.test(name)) return undefined;
  const hint = 'use letters, digits, ".", "_" and "-", at most 63, with a letter or digit at both ends';
  return { message: `"${name.slice(0, 80)}" cannot be the name of a connection`, hint };
}

function mountFault(path: string): Fault | undefined {
  const bad = !path.startsWith("/") || path.split("/").includes("..") || path.includes("\0") || /^\/+$/.test(path);
  return bad
    ? { code: "PATH_INVALID", message: `"${path}" cannot be a mount path`, hint: "write an absolute path" }
    : undefined;
}

function urlFault(url: string, schemes: readonly string[]): Fault | undefined {
  try {
    parseGitUrl(url, { schemes });
    return undefined;
  } catch (error) {
    if (error instanceof BowlineError) return error.problems[0];
    throw error;
  }
}
