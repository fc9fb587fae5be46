import * as z from "zod";
import { GIT_FLAGS } from "../spec/index.ts";
import { ALL_SCHEMES, didYouMean } from "../lib/index.ts";
import {
  type ConnectionRules,
  envVarSchema,
  gitConnectionSchema,
  isGitKind,
  otherConnectionSchema,
} from "./connection-schema.ts";
import { credentialSchema } from "./credential-schema.ts";
import { checkedText, report, text } from "./fields.ts";
import { fitsTimer, readDuration, readSize } from "./quantities.ts";

/** The keys of a config; any other one is somebody else's and only worth a warning. */
export const CONFIG_KEYS = ["executor", "registry", "connections", "credentials", "init", "policy"] as const;

/**
 * The schema that fits this data: each entry of `connections:` is checked as the kind it says it is, so that a problem
 * is told of that kind alone.
 */
export function configSchemaFor(data: unknown, rules: ConnectionRules) {
  const git = gitConnectionSchema(rules);
  const other = z.lazy(otherConnectionSchema);
  const written = (data as { connections?: unknown } | null)?.connections;
  const schemas = Array.isArray(written) ? written.map((entry) => (isGitKind(entry) ? git : other)) : [];
  const [first, ...rest] = schemas;
  return configSchema(first ? z.tuple([first, ...rest]) : z.array(other));
}

/** The schema of any config, for editors. */
export function anyConfigSchema() {
  const rules = { schemes: ALL_SCHEMES };
  return configSchema(z.array(z.union([gitConnectionSchema(rules), otherConnectionSchema()])));
}

function configSchema<Connections extends z.ZodType>(connections: Connections) {
  return z.object({
    executor: executorSchema().optional(),
    registry: text(
      "Where every image that Bowline names is taken from: a registry, with a path in it if need be.",
    ).optional(),
    connections: connections.describe("The catalog: everything that polyaxonfiles can name.").optional(),
    credentials: z
      .array(credentialSchema())
      .describe("Credentials of url prefixes; the longest match wins.")
      .optional(),
    init: initSchema().optional(),
    policy: policySchema().optional(),
  });
}

function executorSchema() {
  const inheritEnv = z
    .array(text("A variable's name."))
    .describe("Variables that jobs get from this environment, besides the usual ones.");
  const host = text("The Docker engine to use, as DOCKER_HOST has it.");
  const namespace = text("The namespace that runs are made in.");
  const context = text("The context of the kubeconfig.");
  const artifacts = z
    .record(z.string(), z.unknown())
    .describe(
      "A Kubernetes volume for the artifacts, such as {persistentVolumeClaim: {claimName: NAME}}; each run has its own folder in it.",
    );
  return z
    .union([
      z.enum(["process", "docker", "kubernetes"]),
      z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("process"), inheritEnv: inheritEnv.optional() }),
        z.strictObject({ kind: z.literal("docker"), host: host.optional() }),
        z.strictObject({
          kind: z.literal("kubernetes"),
          namespace: namespace.optional(),
          context: context.optional(),
          artifacts: artifacts.optional(),
        }),
      ]),
    ])
    .describe("What runs jobs: process (the default), docker or kubernetes.");
}

function initSchema() {
  return z
    .strictObject({
      image: text("The image with Bowline's initializer.").optional(),
      imageTag: text("Polyaxon's; not used.").optional(),
      imagePullPolicy: text("Polyaxon's; not used.").optional(),
      resources: z.record(z.string(), z.unknown()).describe("Kubernetes resources of git init steps.").optional(),
      env: z.array(envVarSchema()).describe("Environment of git init steps.").optional(),
      hostAliases: z
        .array(z.record(z.string(), z.unknown()))
        .describe("Names that the cluster's DNS does not know: [{ip, hostnames}].")
        .optional(),
      ca: z
        .strictObject({
          configMap: text("The config map, in the runs' namespace."),
          key: text("The key with the PEM certificates: ca.crt unless set.").optional(),
        })
        .describe("Certificates that git init steps trust in addition, on kubernetes.")
        .optional(),
    })
    .describe("Settings of the container that runs git init steps, on docker and kubernetes.");
}

function policySchema() {
  const strings = (description: string) => z.array(text("An entry.")).describe(description);
  return z
    .strictObject({
      schemes: z
        .array(z.enum(["https", "http", "ssh", "file"]))
        .describe("Schemes that urls may have: https, http and ssh unless set; file only when listed.")
        .optional(),
      hosts: strings("Hosts that may be fetched from; all unless set.").optional(),
      plainHttpHosts: strings("Hosts, besides loopback, to which a credential may go over plain http.").optional(),
      flags: z
        .array(checkedText("A git flag.", flagFault))
        .describe("Git flags that may be used; all known ones unless set.")
        .optional(),
      images: strings("Images that may be used, as globs; all unless set.").optional(),
      urlOverride: z
        .enum(["anonymous", "refuse"])
        .describe("What happens to a git.url outside the connection's scope: fetched without credential, or refused.")
        .optional(),
      maxBytes: sizeSchema("The most bytes one repository may send: 500Mi, 2G.").optional(),
      cache: z
        .strictObject({
          maxBytes: sizeSchema("What the cache may have on disk: 20Gi unless set.").optional(),
        })
        .describe("The cache of repositories and trees on this machine.")
        .optional(),
      maxFiles: z.int().min(1).describe("The most files one repository may have, and the most folders.").optional(),
      timeouts: z
        .strictObject({
          connect: durationSchema("Until a connection stands: 10s unless set.").optional(),
          stall: durationSchema("No byte for this long ends a transfer: 15s unless set.").optional(),
          resolve: durationSchema("All tries of finding a commit: 10s unless set.").optional(),
          materialize: durationSchema("Everything for one repository: 10m unless set.").optional(),
        })
        .describe("Times: numbers are seconds, texts have a unit (500ms, 10s, 2m, 1h30m).")
        .optional(),
      fsck: z
        .strictObject({
          ignore: z
            .array(text("A message id.").regex(/^[A-Za-z]+$/))
            .describe("Faults of git fsck to let pass, besides those that forges tolerate.")
            .optional(),
        })
        .describe("What is checked of received objects.")
        .optional(),
    })
    .describe("Guards of the platform engineer.");
}

function durationSchema(description: string) {
  const written = z.union([z.number(), z.string()]).describe(description);
  return written.transform((value, context) => {
    const duration = readDuration(value);
    if (duration !== undefined && fitsTimer(duration)) return duration;
    report(context, {
      message: `${shown(value)} is not a duration`,
      hint: "write seconds (10), or a unit: 500ms, 10s, 2m, 1h30m",
    });
    return z.NEVER;
  });
}

function sizeSchema(description: string) {
  const written = z.union([z.number(), z.string()]).describe(description);
  return written.transform((value, context) => {
    const size = readSize(value);
    if (size !== undefined) return size;
    report(context, { message: `${shown(value)} is not a size`, hint: "write bytes, or a suffix: 500Mi, 2G" });
    return z.NEVER;
  });
}

function flagFault(flag: string) {
  const name = flag.split(/[=\s]/)[0]!;
  if (GIT_FLAGS.includes(name)) return undefined;
  const hint = didYouMean(name, GIT_FLAGS) ?? `known flags: ${GIT_FLAGS.join(", ")}`;
  return { code: "GIT_FLAG_INVALID" as const, message: `the flag ${shown(flag)} is not known`, hint };
}

function shown(value: string | number): string {
  return `"${String(value).slice(0, 60)}"`;
}
