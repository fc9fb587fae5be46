import type { SecureContextOptions } from "node:tls";

/** How an API server is reached, and as whom. */
export interface ClusterAccess {
  /** Origin and base path of the server, without a final slash. */
  server: string;
  /** Namespace of the context, else `default`. */
  namespace: string;
  /** The name of the context, or `in-cluster`. */
  context: string;
  tls: Pick<SecureContextOptions, "ca"> & { rejectUnauthorized?: boolean; servername?: string };
  /** Url of a proxy in front of the server. */
  proxy?: string;
  /** What is shown to the server now: asked before each request, as tokens are renewed. `refresh` after one was refused. */
  credentials: (options?: { refresh?: boolean }) => Promise<ClusterCredentials>;
}

/** Never serialised, never logged. */
export interface ClusterCredentials {
  headers: Record<string, string | string[]>;
  cert?: string | Buffer;
  key?: string | Buffer;
}
