import { posix } from "node:path";
import type { Plan } from "../../compile/index.ts";
import type { Config } from "../../config/index.ts";
import type { Problem } from "../../lib/index.ts";
import { at } from "../plan-check.ts";
import { composeInit, lastInit } from "./compose-init.ts";
import { composeService, type ComposeService } from "./compose-service.ts";
import { createComposeSecrets } from "./compose-secrets.ts";

export interface ComposeInput {
  /** Pinned, and compiled for containers. */
  plan: Plan;
  config: Config;
  uuid: string;
  /** The keys of a secret, where they can be known. */
  keysOf: (secret: string) => Promise<readonly string[] | undefined>;
}

/** A file for `docker compose`. */
export interface ComposeFile {
  document: {
    services: Record<string, ComposeService>;
    volumes: Record<string, object>;
    secrets?: Record<string, { file: string }>;
  };
  /** Files that whoever uses it puts beside it, and what goes into each. */
  needed: { path: string; what: string }[];
  warnings: Problem[];
}

/**
 * The same init steps, in the same order and at the same commits, as services that the main one waits for. A secret is named, never shown:
 * its keys are files that the user puts into `secrets/` beside it.
 */
export async function composeFile({ plan, config, uuid, keysOf }: ComposeInput): Promise<ComposeFile> {
  const secrets = await createComposeSecrets(plan, { config, keysOf });
  const folders = sharedFolders(plan);
  const shared = { plan, config, uuid, secrets, mounts: [...folders].map(([name, target]) => `${name}:${target}`) };
  const init = composeInit(shared);
  const main = composeService(plan.main, { ...shared, log: "main", connections: plan.main.connections });
  const services: Record<string, ComposeService> = { ...init, main: { ...main, ...mainOnly(plan, lastInit(shared)) } };
  for (const sidecar of plan.sidecars) {
    services[`sidecar-${sidecar.name}`] = {
      ...composeService(sidecar, { ...shared, log: `sidecar/${sidecar.name}`, connections: sidecar.connections }),
      depends_on: { main: { condition: "service_started" } },
      ...(plan.environment["hostNetwork"] === true ? {} : { network_mode: "service:main" }),
    };
  }
  const empty = plan.volumes.flatMap(({ name, emptyDir }) => (emptyDir === undefined ? [] : [String(name)]));
  const files = secrets.files();
  return {
    document: {
      services,
      volumes: Object.fromEntries(
        [...folders.keys(), ...empty.map((name) => `volume-${name}`)].map((name) => [name, {}]),
      ),
      ...(Object.keys(files).length === 0 ? {} : { secrets: files }),
    },
    needed: secrets.needed(),
    warnings: leftOut(plan),
  };
}

/** `/plx-context`, and the folders elsewhere that git steps land in; each is a volume. */
function sharedFolders(plan: Plan): Map<string, string> {
  const context = posix.dirname(plan.artifactsPath);
  const elsewhere = plan.init.flatMap((step) => {
    const folder = step.kind === "git" ? posix.dirname(step.path) : "";
    return folder === "" || folder === context || folder.startsWith(`${context}/`) ? [] : [folder];
  });
  return new Map([
    ["context", context],
    ...[...new Set(elsewhere)].map((folder, index): [string, string] => [`folder-${index + 1}`, folder]),
  ]);
}

function mainOnly(plan: Plan, before: readonly string[]): Partial<ComposeService> {
  const { maxRetries } = plan.termination;
  const waits = before.map((name) => [name, { condition: "service_completed_successfully" as const }]);
  // A port of the machine can be had once; of several copies each gets some port.
  const ports = plan.ports.map((port) => (plan.replicas > 1 ? `127.0.0.1::${port}` : `127.0.0.1:${port}:${port}`));
  return {
    ...(waits.length === 0 ? {} : { depends_on: Object.fromEntries(waits) as ComposeService["depends_on"] & object }),
    ...(ports.length > 0 && plan.environment["hostNetwork"] !== true ? { ports } : {}),
    restart: maxRetries > 0 ? `on-failure:${maxRetries}` : "no",
    ...(plan.kind === "service" && plan.replicas > 1 ? { scale: plan.replicas } : {}),
  };
}

function leftOut({ termination, main }: Plan): Problem[] {
  const parts = (["timeout", "ttl"] as const).filter((key) => termination[key] !== undefined);
  if (parts.length === 0) return [];
  return [
    {
      code: "NOT_IN_COMPOSE",
      message: `a compose file has no ${parts.map((part) => `termination.${part}`).join(", ")}`,
      hint: "bowline run --executor docker heeds it",
      ...at(main.place),
    },
  ];
}
