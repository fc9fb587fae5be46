import type { Plan } from "../../compile/index.ts";
import { BowlineError, parseJson } from "../../lib/index.ts";
import type { Cluster } from "./cluster.ts";
import { statusOf } from "./api/kube-errors.ts";
import type { ConfigMap } from "./api/objects.ts";
import { pathOf, type Manifest } from "./manifests/manifest.ts";
import { ROLE_LABEL, UUID_LABEL, MANAGED_BY, recordName } from "./manifests/names.ts";
import { RECORD_KEYS } from "./manifests/record.ts";

/** A run as its config map has it; `Run` and `End` are the caller's, kept as JSON. */
export interface StoredRecord<Run, End> {
  uuid: string;
  /** What is known from its start. */
  run: Run;
  plan: Plan;
  /** When its end was asked for. */
  stopAt?: string | undefined;
  /** How it ended, once somebody has seen that. */
  end?: End | undefined;
  /** Of the config map, which owns the run's other objects. */
  uid: string;
  /** By the cluster's clock. */
  createdAt: string;
}

const SELECTOR = `${MANAGED_BY},${ROLE_LABEL}=record`;
const PAGE = 250;

/** The records of a namespace. */
export function openRecords<Run, End>({ api, namespace }: Cluster) {
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const pathFor = (uuid: string): string => `${path}/${recordName(uuid)}`;

  async function list(): Promise<StoredRecord<Run, End>[]> {
    const found: StoredRecord<Run, End>[] = [];
    let from: string | undefined;
    do {
      const query = { labelSelector: SELECTOR, limit: PAGE, continue: from };
      const page = await api.get<{ items: ConfigMap[]; metadata: { continue?: string } }>(path, query);
      found.push(...page.items.flatMap((item) => readRecord<Run, End>(item) ?? []));
      from = page.metadata.continue || undefined;
    } while (from !== undefined);
    return found;
  }

  return {
    list,
    async find(uuid: string): Promise<StoredRecord<Run, End> | undefined> {
      const object = await api.find<ConfigMap>(pathFor(uuid));
      return object === undefined ? undefined : readRecord<Run, End>(object);
    },
    /** Makes or replaces it; what was added after (a stop, an end) stays. Gives its uid. */
    async write(manifest: Manifest): Promise<string> {
      return (await api.apply<ConfigMap>(pathOf(manifest), manifest)).metadata.uid;
    },
    async stop(uuid: string, at: string): Promise<void> {
      await api.merge(pathFor(uuid), { data: { [RECORD_KEYS.stop]: JSON.stringify({ at }) } });
    },
    /** Writes down how it ended. Whoever may not do that still saw it: the next one will. */
    async settle(uuid: string, end: End): Promise<void> {
      try {
        await api.merge(pathFor(uuid), { data: { [RECORD_KEYS.end]: JSON.stringify(end) } });
      } catch (error) {
        const code = statusOf(error)?.code;
        if (code !== 403 && code !== 404) throw error;
      }
    },
    /** Everything that the record owns goes with it. */
    async remove(uuid: string): Promise<void> {
      await api.remove(pathFor(uuid), { propagationPolicy: "Background" });
    },
  };
}

export type Records<Run, End> = ReturnType<typeof openRecords<Run, End>>;

/** Undefined for what is no record of ours, however it is labelled. */
export function readRecord<Run, End>({ metadata, data = {} }: ConfigMap): StoredRecord<Run, End> | undefined {
  const uuid = metadata.labels?.[UUID_LABEL];
  const run = parseJson<Run & { apiVersion?: string }>(data[RECORD_KEYS.run]);
  const plan = parseJson<Plan>(data[RECORD_KEYS.plan]);
  if (uuid === undefined || run === undefined || plan === undefined) return undefined;
  if (run.apiVersion !== "bowline/v1") throw newer(uuid, run.apiVersion);
  const [end, stop] = [parseJson<End>(data[RECORD_KEYS.end]), parseJson<{ at: string }>(data[RECORD_KEYS.stop])];
  return {
    uuid,
    run,
    plan,
    uid: metadata.uid,
    createdAt: metadata.creationTimestamp ?? new Date(0).toISOString(),
    ...(stop === undefined ? {} : { stopAt: stop.at }),
    ...(end === undefined ? {} : { end }),
  };
}

function newer(uuid: string, version: string | undefined): BowlineError {
  return new BowlineError({
    code: "VERSION_UNSUPPORTED",
    message: `the run "${uuid}" is a record of "${version ?? "unknown"}"; this Bowline reads "bowline/v1"`,
    hint: "use the newer Bowline that wrote it",
  });
}
