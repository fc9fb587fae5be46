import type { Plan } from "../../../compile/index.ts";
import { BowlineError } from "../../../lib/index.ts";
import { fileKey } from "./init-containers.ts";
import type { Manifest } from "./manifest.ts";
import { recordName } from "./names.ts";

/** What a config map may hold: https://kubernetes.io/docs/concepts/configuration/configmap/ */
const LARGEST = 1_000_000;

/** Keys of the record's config map. */
export const RECORD_KEYS = { run: "run.json", plan: "plan.json", end: "end.json", stop: "stop.json" } as const;

/**
 * The run's record: the one object that owns all others, so that one delete removes all, and that outlives them. It holds the plan, what is
 * known of the run from its start, and later how it ended; the contents of file steps, too.
 */
export function recordManifest(input: {
  plan: Plan;
  run: object;
  namespace: string;
  uuid: string;
  labels: Readonly<Record<string, string>>;
}): Manifest {
  const { plan, run, namespace, uuid, labels } = input;
  const files = plan.init.flatMap((step, index) => (step.kind === "file" ? [[fileKey(index), step.content]] : []));
  const data = {
    [RECORD_KEYS.run]: JSON.stringify(run),
    [RECORD_KEYS.plan]: JSON.stringify(plan),
    ...(Object.fromEntries(files) as Record<string, string>),
  };
  const size = Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (size > LARGEST) {
    throw new BowlineError({
      code: "CLUSTER_REFUSED",
      message: `the run's record would have ${size} bytes: a config map holds no more than 1 MiB`,
      hint: "bring large files by a git step instead of a file step",
    });
  }
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: recordName(uuid), namespace, labels }, data };
}
