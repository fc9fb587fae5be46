import type { Policy } from "../../config/index.ts";
import type { Provider } from "../../connections/index.ts";
import type { GitOptions } from "../../spec/index.ts";
import { usage } from "../parse-options.ts";

/** What an executor tells its init container beside the words a person would write. Holds no secret. */
export interface ExecutorSettings {
  policy: Policy;
  options: GitOptions;
  credentials: MountedCredential[];
  /** Of a step that is pinned: what was asked for, and the redirect that was followed then. */
  revision?: string;
  redirectedTo?: string;
  /** Files are to be writable by their group. */
  groupWrites?: boolean;
}

/** A secret whose keys are files, and what it is for. */
export interface MountedCredential {
  scope: string;
  source: string;
  secret?: string;
  connection?: string;
  /** Absent: nothing but the proxy. */
  folder?: string;
  provider?: Provider;
  auth?: "basic" | "bearer";
  username?: string;
  proxy?: string;
}

/** Written by an executor of the same version, so only its outline is checked: the initializer loads no schemas. */
export function readSettings(text: string | undefined): ExecutorSettings | undefined {
  if (text === undefined) return undefined;
  let value: Partial<ExecutorSettings> | null;
  try {
    value = JSON.parse(text) as Partial<ExecutorSettings> | null;
  } catch {
    value = null;
  }
  if (value?.policy && value.options && Array.isArray(value.credentials)) return value as ExecutorSettings;
  throw usage("--settings takes what an executor of this version writes", "leave it out: it is not for people");
}
