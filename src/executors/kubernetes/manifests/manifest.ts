/** An object as it is applied. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    labels: Readonly<Record<string, string>>;
    annotations?: Readonly<Record<string, string>>;
    ownerReferences?: object[];
  };
  spec?: object;
  data?: Readonly<Record<string, string>>;
}

/** Where objects of a kind are, in one namespace. */
export function pathOf({ apiVersion, kind, metadata }: Pick<Manifest, "apiVersion" | "kind" | "metadata">): string {
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${base}/namespaces/${metadata.namespace}/${kind.toLowerCase()}s/${metadata.name}`;
}
