import { BowlineError, didYouMean } from "../../lib/index.ts";
import {
  checkSecretName,
  checkSecretValue,
  readManifest,
  type SecretStore,
  type StoredName,
} from "../../secrets/index.ts";
import { statusOf } from "./api/kube-errors.ts";
import type { KubeApi } from "./api/kube-api.ts";
import type { ConfigMap, Secret } from "./api/objects.ts";
import { MANAGED_BY } from "./manifests/names.ts";

type Kind = StoredName["kind"];

const PLURAL: Record<Kind, string> = { secret: "secrets", configMap: "configmaps" };
const NOUN: Record<Kind, string> = { secret: "Secret", configMap: "ConfigMap" };

/** Marks what `secrets apply` brought, so that a later one may take keys away again. */
const LABELS = { "app.kubernetes.io/managed-by": "bowline-secrets" };

/** The Secrets and config maps of a namespace, as the store of secrets: they stay in the cluster, and its rights say who may do what. */
export function clusterSecretStore(api: KubeApi, namespace: string): SecretStore {
  const path = (kind: Kind, name = ""): string =>
    `/api/v1/namespaces/${namespace}/${PLURAL[kind]}${name === "" ? "" : `/${name}`}`;

  async function names(): Promise<StoredName[]> {
    const found = await Promise.all([namesOf("secret"), namesOf("configMap")]);
    return found.flat().sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  async function namesOf(kind: Kind): Promise<StoredName[]> {
    const selector = kind === "configMap" ? { labelSelector: MANAGED_BY.replace("=", "!=") } : {};
    const { items } = await api.get<{ items: (Secret & ConfigMap)[] }>(path(kind), selector);
    return items
      .filter(({ metadata }) => metadata.name !== "kube-root-ca.crt")
      .map(({ metadata, data, binaryData }) => ({
        kind,
        name: metadata.name,
        keys: Object.keys({ ...data, ...binaryData }).sort(),
      }));
  }

  async function notFound(kind: Kind, name: string, key?: string): Promise<BowlineError> {
    const others = await namesOf(kind).catch(() => []);
    const near = didYouMean(
      name,
      others.map((each) => each.name),
    );
    const put =
      kind === "secret"
        ? `put it there: bowline secrets set ${name} ${key ?? "POLYAXON_GIT_CREDENTIALS"} --store kubernetes`
        : "put it there from its manifest: bowline secrets apply -f FILE --store kubernetes";
    const what =
      key === undefined ? `there is no ${NOUN[kind]} "${name}"` : `the ${NOUN[kind]} "${name}" has no key "${key}"`;
    const hint = near === undefined || key !== undefined ? put : `${near} Otherwise ${put}`;
    return new BowlineError({ code: "SECRET_NOT_FOUND", message: `${what} in the namespace "${namespace}"`, hint });
  }

  /** Only the keys that are named, so that other managers' keys stay as they are. */
  async function put(kind: Kind, name: string, values: ReadonlyMap<string, Uint8Array | null>): Promise<void> {
    const encoded = Object.fromEntries(
      [...values].map(([key, value]) => [key, value === null ? null : Buffer.from(value).toString("base64")]),
    );
    const data = kind === "secret" ? { data: encoded } : { binaryData: encoded };
    try {
      await api.merge(path(kind, name), data);
    } catch (error) {
      if (statusOf(error)?.code !== 404) throw error;
      const known = Object.fromEntries(Object.entries(encoded).filter(([, value]) => value !== null));
      const object = { apiVersion: "v1", kind: NOUN[kind], metadata: { name, labels: LABELS } };
      await api.post(path(kind), { ...object, ...(kind === "secret" ? { data: known } : { binaryData: known }) });
    }
  }

  return {
    names,
    async get(name, kind = "secret") {
      const found = await api.find<Secret & ConfigMap>(path(kind, name));
      if (found === undefined) throw await notFound(kind, name);
      const base64 = Object.entries((kind === "secret" ? found.data : found.binaryData) ?? {});
      const plain = Object.entries((kind === "secret" ? {} : found.data) ?? {});
      return new Map([
        ...base64.map(([key, value]) => [key, Buffer.from(value, "base64")] as const),
        ...plain.map(([key, value]) => [key, Buffer.from(value)] as const),
      ]);
    },
    async set(name, key, value) {
      checkSecretName(name, key);
      checkSecretValue(name, key, value);
      await put("secret", name, new Map([[key, value]]));
    },
    async remove(name, key) {
      const found = await api.find<Secret>(path("secret", name));
      if (found === undefined) throw await notFound("secret", name);
      if (key === undefined) return api.remove(path("secret", name));
      if (!Object.hasOwn(found.data ?? {}, key)) throw await notFound("secret", name, key);
      await put("secret", name, new Map([[key, null]]));
    },
    async apply(text, file) {
      const { entries, applied } = readManifest(text, file);
      for (const { kind, name, values } of entries) {
        const before = await api.find<Secret & ConfigMap>(path(kind, name));
        const ours = before?.metadata.labels?.["app.kubernetes.io/managed-by"] === "bowline-secrets";
        const gone = Object.keys({ ...before?.data, ...before?.binaryData }).filter((key) => ours && !values.has(key));
        await put(
          kind,
          name,
          new Map<string, Uint8Array | null>([...gone.map((key) => [key, null] as const), ...values]),
        );
      }
      return applied;
    },
  };
}
