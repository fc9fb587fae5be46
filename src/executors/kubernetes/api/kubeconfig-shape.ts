import * as z from "zod";

const namedList = <T extends z.ZodType>(key: string, value: T) =>
  z.array(z.object({ name: z.string(), [key]: value })).nullish();

const cluster = z.object({
  server: z.string().optional(),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.string().optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": z.string().optional(),
  "proxy-url": z.string().optional(),
});

const exec = z.object({
  apiVersion: z.string().optional(),
  command: z.string(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: z.string().optional(),
  provideClusterInfo: z.boolean().optional(),
});

const user = z.object({
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.string().optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.string().optional(),
  exec: exec.nullish(),
  "auth-provider": z.object({ name: z.string().optional() }).nullish(),
  as: z.string().optional(),
  "as-groups": z.array(z.string()).nullish(),
});

const context = z.object({
  cluster: z.string().optional(),
  user: z.string().optional(),
  namespace: z.string().optional(),
});

/** What is read of a kubeconfig: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
export const kubeconfigSchema = z.object({
  clusters: namedList("cluster", cluster),
  users: namedList("user", user),
  contexts: namedList("context", context),
  "current-context": z.string().optional(),
});

export type KubeCluster = z.infer<typeof cluster>;
export type KubeUser = z.infer<typeof user>;
export type KubeContext = z.infer<typeof context>;
export type ExecPlugin = z.infer<typeof exec>;
