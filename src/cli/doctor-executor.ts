import type { Config } from "../config/index.ts";
import { BowlineError } from "../lib/index.ts";
import type { CliContext } from "./context.ts";
import { finding, type Finding } from "./doctor.ts";
import { withExecutor, type ExecutorOptions } from "./executor-options.ts";
import { openConfig } from "./open-config.ts";

/** What the chosen executor needs besides this machine; of a cluster also the Role to ask for. */
export async function examineExecutor(
  options: ExecutorOptions & { config?: string },
  context: CliContext,
): Promise<{ findings: Finding[]; role?: object }> {
  const config = await readableConfig(options, context);
  if (config?.executor.kind === "docker") return { findings: [await dockerFinding(config)] };
  if (config?.executor.kind !== "kubernetes") return { findings: [] };
  const { loadKubernetes } = await import("../executors/index.ts");
  const kubernetes = await loadKubernetes();
  try {
    const cluster = await kubernetes.openCluster({ choice: config.executor, env: context.env });
    const findings = await kubernetes.examineCluster(cluster, config);
    cluster.api.close();
    return { findings, role: kubernetes.roleManifest(cluster.namespace) };
  } catch (error) {
    if (!(error instanceof BowlineError)) throw error;
    return { findings: [{ what: "cluster", state: "wrong", detail: error.message, hint: error.hint }] };
  }
}

async function dockerFinding(config: Config): Promise<Finding> {
  const { examineDocker } = await import("../executors/index.ts");
  return finding("docker", () => examineDocker(config.executor, config));
}

/** One that cannot be read is a finding of the machine's own. */
async function readableConfig(
  options: ExecutorOptions & { config?: string },
  context: CliContext,
): Promise<Config | undefined> {
  try {
    return withExecutor(await openConfig(options, { ...context, err: () => {} }), options);
  } catch (error) {
    if (error instanceof BowlineError) return undefined;
    throw error;
  }
}
