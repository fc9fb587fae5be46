import { readFile } from "node:fs/promises";
import type { ClusterAccess } from "./access.ts";

const FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The access of a pod's service account; absent outside of a cluster. Its token is read again for each request: the kubelet renews it. */
export async function inClusterAccess(
  env: Readonly<Record<string, string | undefined>>,
): Promise<ClusterAccess | undefined> {
  const [host, port] = [env["KUBERNETES_SERVICE_HOST"], env["KUBERNETES_SERVICE_PORT"]];
  if (!host || !port) return undefined;
  const token = (): Promise<string> => readFile(`${FOLDER}/token`, "utf8");
  const [ca, namespace] = await Promise.all(
    ["ca.crt", "namespace"].map((name) => readFile(`${FOLDER}/${name}`, "utf8").catch(() => undefined)),
  );
  if (ca === undefined || (await token().catch(() => undefined)) === undefined) return undefined;
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    namespace: namespace?.trim() || "default",
    context: "in-cluster",
    tls: { ca },
    credentials: async () => ({ headers: { authorization: `Bearer ${(await token()).trim()}` } }),
  };
}
