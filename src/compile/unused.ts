import { isEmpty, placeOf, type YamlMap, type YamlNode } from "../spec/index.ts";
import { asMap, get, textOf } from "./node-edit.ts";
import type { Report } from "./report.ts";

/**
 * Keys that only tell Polyaxon's own platform how to queue, account for, cache or show a run. The job does the same
 * without them, so they are a warning; what would change what runs, or whether it runs, is an error.
 */
const UNUSED: Record<string, string> = {
  plugins: "Bowline has no sidecars of its own: logs and statuses are always collected",
  queue: "Bowline has no queues: a run starts at once",
  namespace: "the namespace is the config's: `executor: {kind: kubernetes, namespace: …}`",
  cache: "every run is run",
  cost: "Bowline keeps no accounts",
  skipOnUpstreamSkip: "there are no graphs of operations",
};

const UNUSED_IN_RUN: Record<string, string> = {
  rewritePath: "there is no gateway: a service listens on its own port",
  isExternal: "there is no gateway: a service listens on its own port",
};

/** Warns of keys without effect, and refuses those of them whose value asks for more. */
export function checkUnusedKeys(root: YamlMap, report: Report): void {
  warn(root, UNUSED, report);
  const run = asMap(get(root, "run")) ?? asMap(get(root, "runPatch"));
  if (run) warn(run, UNUSED_IN_RUN, report);
  const plugins = asMap(get(root, "plugins"));
  for (const [name, what] of Object.entries({
    docker: "the machine's Docker socket in the run",
    ssh: "an ssh server in the run",
    tmux: "a terminal multiplexer in the run",
    sandbox: "a sandbox server in the run",
  })) {
    const value = get(plugins, name);
    if (isYes(value)) refuse(value!, `plugins.${name}`, `${what} is not provided`, report);
  }
  const approved = get(root, "isApproved");
  if (approved && !isEmpty(approved) && !isYes(approved)) {
    refuse(
      approved,
      "isApproved: false",
      "Bowline does not wait for an approval: leave it out, and start the run when it is approved",
      report,
    );
  }
  const enabled = get(asMap(get(root, "template")), "enabled");
  if (isYes(enabled))
    refuse(enabled!, "template.enabled", "this file is a template to be filled in first: then set it to false", report);
}

function warn(map: YamlMap, unused: Record<string, string>, report: Report): void {
  for (const [key, why] of Object.entries(unused)) {
    const entry = map.entries.get(key);
    if (!entry || isEmpty(entry.value)) continue;
    report.warnings.push({
      code: "NOT_USED",
      message: `"${key}" has no effect here`,
      hint: `${why}; it can be left out`,
      place: placeOf(entry.key),
    });
  }
}

function refuse(node: YamlNode, what: string, hint: string, report: Report): void {
  report.errors.push({
    code: "NOT_SUPPORTED",
    message: `\`${what}\` is Polyaxon's; Bowline does not do it`,
    hint,
    place: placeOf(node.spot),
  });
}

function isYes(node: YamlNode | undefined): boolean {
  return /^(true|yes|on)$/i.test(textOf(node) ?? "");
}
