import type { Plan } from "../../../compile/index.ts";
import type { Config } from "../../../config/index.ts";
import { initImage } from "../../init-image.ts";
import type { Manifest } from "./manifest.ts";
import { labelsOf, objectName, recordName } from "./names.ts";
import { podTemplate } from "./pod.ts";
import { recordManifest } from "./record.ts";
import { createVolumes } from "./volumes.ts";
import { workloads } from "./workload.ts";

export interface ManifestInput {
  /** Pinned. */
  plan: Plan;
  config: Config;
  uuid: string;
  namespace: string;
  /** What the record says of the run besides its plan. */
  run: object;
  /** By name, the keys of the Secrets that are known. */
  secretKeys: ReadonlyMap<string, readonly string[]>;
}

/** The objects of a run, its record first: everything by reference, no secret in any of them. Pure. */
export function manifestsOf(input: ManifestInput): { record: Manifest; workloads: Manifest[] } {
  const { plan, config, uuid, namespace, run, secretKeys } = input;
  const labels = labelsOf(plan, { uuid, role: "run" });
  const volumes = createVolumes(plan, { uuid, artifacts: config.executor.artifacts });
  const pod = podTemplate({
    plan,
    config,
    uuid,
    volumes,
    secretKeys,
    labels,
    image: initImage(config),
    record: recordName(uuid),
    restartPolicy: plan.kind === "job" ? "Never" : "Always",
  });
  const name = objectName(plan, uuid);
  return {
    record: recordManifest({ plan, run, namespace, uuid, labels: labelsOf(plan, { uuid, role: "record" }) }),
    workloads: workloads({ plan, name, namespace, uuid, labels, pod }),
  };
}

/** Makes the record the owner of the objects. */
export function ownedBy(objects: readonly Manifest[], record: { name: string; uid: string }): Manifest[] {
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: record.name, uid: record.uid };
  return objects.map((object) => ({ ...object, metadata: { ...object.metadata, ownerReferences: [owner] } }));
}
