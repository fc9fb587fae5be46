import { execFile } from "node:child_process";
import { join } from "node:path";
import { BowlineError, parseJson } from "../../../lib/index.ts";
import type { ExecPlugin } from "./kubeconfig-shape.ts";

export interface PluginAnswer {
  token?: string;
  cert?: string;
  key?: string;
  /** Milliseconds since 1970. */
  expires?: number;
}

/** How long a plugin may take: it may open a browser. */
const PATIENCE = 120_000;

/** Asks a credential plugin: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
export async function runExecPlugin(
  plugin: ExecPlugin,
  { server, env, folder }: { server: string; env: Readonly<Record<string, string | undefined>>; folder: string },
): Promise<PluginAnswer> {
  const { command, args, apiVersion = "client.authentication.k8s.io/v1" } = plugin;
  const info = {
    apiVersion,
    kind: "ExecCredential",
    spec: { interactive: false, ...(plugin.provideClusterInfo ? { cluster: { server } } : {}) },
  };
  const own = Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value]));
  // As for kubectl: a path with a slash in it is relative to its kubeconfig.
  const program = command.includes("/") && !command.startsWith("/") ? join(folder, command) : command;
  const options = { env: { ...env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) }, timeout: PATIENCE };
  const answer = await new Promise<string>((resolve, reject) => {
    execFile(program, args ?? [], { ...options, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const why = error.code === "ENOENT" ? "it is not there" : (stderr.trim().split("\n").at(-1) ?? "");
      reject(failed(plugin, why || `it ended with ${error.code ?? error.signal ?? "an error"}`, error));
    });
  });
  return readAnswer(plugin, answer);
}

function readAnswer(plugin: ExecPlugin, text: string): PluginAnswer {
  const status = parseJson<{ status?: Record<string, unknown> } | null>(text)?.status;
  const part = (key: string): string | undefined => (typeof status?.[key] === "string" ? status[key] : undefined);
  const [token, cert, key] = [part("token"), part("clientCertificateData"), part("clientKeyData")];
  if (token === undefined && cert === undefined) throw failed(plugin, "its answer holds no credential");
  const expires = Date.parse(part("expirationTimestamp") ?? "");
  return {
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(Number.isNaN(expires) ? {} : { expires }),
  };
}

function failed({ command, installHint }: ExecPlugin, why: string, cause?: unknown): BowlineError {
  return new BowlineError(
    {
      code: "EXECUTOR_ABSENT",
      message: `the credential plugin "${command}" of the kubeconfig gave no credential: ${why}`,
      hint: installHint?.trim() || "try it with: kubectl auth whoami",
    },
    { cause },
  );
}
