import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BowlineError, didYouMean } from "../../../lib/index.ts";
import { readYaml } from "../../../spec/index.ts";
import type { ClusterAccess } from "./access.ts";
import { fileOrData } from "./file-or-data.ts";
import { inClusterAccess } from "./in-cluster.ts";
import { kubeconfigSchema, type KubeCluster, type KubeContext, type KubeUser } from "./kubeconfig-shape.ts";
import { openUser } from "./kube-user.ts";

export interface AccessOptions {
  /** Name of the context; absent: the current one. */
  context?: string | undefined;
  namespace?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * How to reach the cluster: by the files that KUBECONFIG names (the first to define a name wins), else `~/.kube/config`, else as the
 * service account of the pod this runs in. Throws EXECUTOR_ABSENT when there is none of these, or they do not lead to a server.
 */
export async function loadAccess(options: AccessOptions): Promise<ClusterAccess> {
  const { env, namespace } = options;
  const files = await kubeconfigFiles(env);
  const inside = files.length === 0 ? await inClusterAccess(env) : undefined;
  const access = inside ?? (await accessOfFiles(files, options));
  return namespace === undefined ? access : { ...access, namespace };
}

interface Entry<T> {
  name: string;
  value: T;
  /** Folder of the file, which its paths are relative to. */
  folder: string;
}

interface Merged {
  clusters: Entry<KubeCluster>[];
  users: Entry<KubeUser>[];
  contexts: Entry<KubeContext>[];
  current?: string | undefined;
}

interface KubeconfigFile {
  path: string;
  text: string;
}

async function kubeconfigFiles(env: AccessOptions["env"]): Promise<KubeconfigFile[]> {
  const named = (env["KUBECONFIG"] ?? "").split(":").filter((path) => path !== "");
  const paths = named.length > 0 ? named : env["HOME"] ? [join(env["HOME"], ".kube", "config")] : [];
  const files: KubeconfigFile[] = [];
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return undefined;
      throw absent(`the kubeconfig "${path}" cannot be read: ${cause.message}`, "see who may read it", cause);
    });
    if (text !== undefined) files.push({ path: resolve(path), text });
  }
  if (named.length > 0 && files.length === 0)
    throw absent(
      `KUBECONFIG names no file that is there: "${env["KUBECONFIG"]}"`,
      "set it to a kubeconfig, or unset it",
    );
  return files;
}

async function accessOfFiles(files: readonly KubeconfigFile[], options: AccessOptions): Promise<ClusterAccess> {
  if (files.length === 0) {
    const message = "there is no kubeconfig, and this is no pod of a cluster";
    throw absent(message, "set KUBECONFIG, or use another executor: --executor process");
  }
  const merged = merge(files);
  const name = options.context ?? merged.current;
  if (name === undefined || name === "")
    throw absent("the kubeconfig has no current context", "name one with: --context NAME");
  const context = find(merged.contexts, name, "context").value;
  const cluster = find(merged.clusters, context.cluster ?? "", "cluster");
  const user = context.user === undefined || context.user === "" ? undefined : find(merged.users, context.user, "user");
  const { server, "proxy-url": proxy, "tls-server-name": servername } = cluster.value;
  if (!server?.startsWith("http"))
    throw absent(`the cluster "${cluster.name}" of the kubeconfig has no usable server`, "give it: server: https://…");
  const ca = await fileOrData(cluster, "certificate-authority");
  return {
    server: server.replace(/\/+$/, ""),
    namespace: context.namespace || "default",
    context: name,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cluster.value["insecure-skip-tls-verify"] ? { rejectUnauthorized: false } : {}),
      ...(servername === undefined ? {} : { servername }),
    },
    ...(proxy === undefined ? {} : { proxy }),
    credentials: await openUser(user, { server, env: options.env }),
  };
}

function merge(files: readonly KubeconfigFile[]): Merged {
  const merged: Merged = { clusters: [], users: [], contexts: [] };
  for (const { path, text } of files) {
    const source = readYaml(text, path);
    const shape = kubeconfigSchema.safeParse(source.value ?? {});
    const [problem] = source.problems;
    if (problem !== undefined || !shape.success) {
      const why = problem?.message ?? shape.error?.issues.map((each) => each.path.join(".")).join(", ");
      throw absent(`the kubeconfig "${path}" is not valid: ${why}`, "see it with: kubectl config view");
    }
    const { clusters, users, contexts, "current-context": current } = shape.data;
    const folder = dirname(path);
    const placed = <T>(list: Record<string, unknown>[] | null | undefined, key: string): Entry<T>[] =>
      (list ?? []).map((entry) => ({ name: String(entry["name"]), value: entry[key] as T, folder }));
    merged.clusters.push(...placed<KubeCluster>(clusters, "cluster"));
    merged.users.push(...placed<KubeUser>(users, "user"));
    merged.contexts.push(...placed<KubeContext>(contexts, "context"));
    merged.current ??= current === "" ? undefined : current;
  }
  return merged;
}

function find<T>(entries: readonly Entry<T>[], name: string, what: string): Entry<T> {
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const names = entries.map((entry) => entry.name);
  const hint = didYouMean(name, names) ?? `it has: ${names.join(", ") || "none"}`;
  throw absent(`the kubeconfig has no ${what} "${name}"`, hint);
}

function absent(message: string, hint: string, cause?: unknown): BowlineError {
  return new BowlineError({ code: "EXECUTOR_ABSENT", message, hint }, { cause });
}
