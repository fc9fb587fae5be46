import type { GitStep } from "../compile/index.ts";
import type { Config } from "../config/index.ts";
import type { Provider } from "../connections/index.ts";

/** Where the initializer finds a credential: a secret's keys as files of a folder, and what goes with them. Holds no secret. */
export interface CredentialFolder {
  /** Nothing outside of it gets the credential. */
  scope: string;
  /** For messages, as Credential.source. */
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

/** What the initializer is told beside the words that a person would write: `--settings`. Holds no secret. */
export interface InitializerSettings {
  policy: Config["policy"];
  options: GitStep["options"];
  credentials: CredentialFolder[];
  /** Of a step that is pinned: what was asked for, and the redirect that was followed then. */
  revision?: string;
  redirectedTo?: string;
  /** Files are to be writable by their group. */
  groupWrites?: boolean;
}

/** The words for `bowline initializer git`; of a pinned step its commit, and what was asked for among the settings. */
export function initializerWords(
  step: Pick<GitStep, "url" | "connection" | "revision" | "pin" | "path">,
  settings: InitializerSettings,
  more: readonly string[] = [],
): string[] {
  const { url, connection, pin, revision } = step;
  const asked = revision === undefined || pin === undefined ? {} : { revision };
  const redirected = pin?.redirectedTo === undefined ? {} : { redirectedTo: pin.redirectedTo };
  const what =
    pin === undefined
      ? [...(revision === undefined ? [] : [`--revision=${revision}`])]
      : [`--commit=${pin.commit}`, ...(pin.ref === undefined ? [] : [`--ref=${pin.ref}`])];
  return [
    "initializer",
    "git",
    `--url=${url}`,
    ...what,
    ...(connection === undefined ? [] : [`--connection=${connection}`]),
    `--path=${step.path}`,
    `--settings=${JSON.stringify({ ...settings, ...asked, ...redirected })}`,
    ...more,
    "--no-cache",
    "--output=json",
  ];
}
