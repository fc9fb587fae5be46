import { join } from "node:path";
import { untrustedProblem, type Config } from "../../config/index.ts";
import type { Connection } from "../../connections/index.ts";
import { checkConnection, type ConnectionReport, type GitRequest } from "../../git/index.ts";
import { BowlineError } from "../../lib/index.ts";
import { createCredentialFinder, openSecretStore } from "../../secrets/index.ts";
import { DEFAULT_GIT_OPTIONS, parseGitFlags } from "../../spec/index.ts";
import type { CliContext } from "../context.ts";
import { withExecutor, type ExecutorOptions } from "../executor-options.ts";
import { findConnection } from "../find-connection.ts";
import { isData, printValue, type Format } from "../output/data.ts";
import { escapeControl } from "../output/escape.ts";
import { printWarnings } from "../output/problems.ts";
import { duration } from "../output/time.ts";
import { usage } from "../parse-options.ts";
import { openConfig } from "../open-config.ts";

interface CheckInput {
  args: { NAME: string };
  options: ExecutorOptions & { revision?: string; output?: Format; config?: string };
}

/** `bowline connections check NAME`: what works is on stdout; the one thing that is wrong is the error. */
export async function run({ args, options }: CheckInput, context: CliContext): Promise<void> {
  const config = withExecutor(await openConfig(options, context), options);
  const connection = findConnection(config, args.NAME);
  const request = requestFor(connection, { config, revision: options.revision }, context);
  const { warnings, ...report } = await check(request, { config, connection }, context);
  printWarnings(warnings, context);
  if (isData(options.output)) return printValue(report, options.output, context);
  if (options.output === "name") return context.out(`${connection.name}\n`);
  context.out(`${connection.name}: ${context.style.out.green("works")}\n`);
  const rows = Object.entries({ ...report, took: duration(report.took) });
  for (const [what, value] of rows) context.out(`  ${(WORDS[what] ?? what).padEnd(15)}${shown(value)}\n`);
}

/** From this machine, or, with kubernetes, from a pod in the cluster, whose network and Secrets are the job's. */
async function check(
  request: GitRequest,
  { config, connection }: { config: Config; connection: Connection },
  context: CliContext,
): Promise<ConnectionReport> {
  if (config.executor.kind !== "kubernetes") return checkConnection(request);
  const { loadKubernetes } = await import("../../executors/index.ts");
  const kubernetes = await loadKubernetes();
  if (!config.trusted && connection.secret !== undefined)
    throw new BowlineError(
      untrustedProblem(config, `use the secret "${connection.secret.name}" of the cluster`, connection.place),
    );
  const cluster = await kubernetes.openCluster({ choice: config.executor, env: context.env });
  try {
    const connections = { [connection.name]: connection };
    const { keys: _keys, ...report } = await kubernetes.resolveInCluster(cluster, {
      request,
      connections,
      config,
      role: "check",
    });
    return { ...report, warnings: [] };
  } finally {
    cluster.api.close();
  }
}

const WORDS: Record<string, string> = {
  redirectedTo: "redirected to",
  shallow: "shallow fetch",
  filter: "partial fetch",
  lfs: "LFS",
};

function requestFor(
  connection: Connection,
  { config, revision }: { config: Config; revision: string | undefined },
  context: CliContext,
): GitRequest {
  const { name, schema, place } = connection;
  if (schema?.url === undefined) {
    throw usage(`connection "${name}" has no url to check`, "only connections with schema.url lead to a repository");
  }
  const flags = parseGitFlags((schema.flags ?? []).map((text) => ({ text })));
  if (flags.problems.length > 0) throw new BowlineError(flags.problems);
  const asked = revision ?? schema.revision ?? flags.revision;
  const store = openSecretStore(config.home);
  return {
    url: schema.url,
    connection: name,
    ...(place === undefined ? {} : { place }),
    ...(asked === undefined ? {} : { revision: asked }),
    options: { ...DEFAULT_GIT_OPTIONS, ...flags.options },
    findCredential: createCredentialFinder({ config, store, connection, env: context.env }),
    policy: config.policy,
    network: config.network,
    cache: join(config.home.cache, "git"),
  };
}

function shown(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return escapeControl(String(value));
}
