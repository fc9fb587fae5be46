import type { GitStep } from "../../../compile/index.ts";
import type { Config } from "../../../config/index.ts";
import type { EnvVar } from "../../../connections/index.ts";
import { initializerWords as wordsFor, type InitializerSettings } from "../../initializer-words.ts";
import { createEnvList } from "./env-list.ts";
import { literal } from "./literal.ts";
import { OWN_RESOURCES, ownSecurity, type Owner } from "./security.ts";
import type { VolumeMount, Volumes } from "./volumes.ts";

/** Where a container's last words go: the kubelet keeps 4 KiB of them. */
export const LAST_WORDS = "/dev/termination-log";

/** Where the certificates of `init.ca` are. */
const CA_FOLDER = "/bowline/ca";

export interface OwnContainer {
  name: string;
  image: string;
  config: Config;
  volumes: Volumes;
  owner: Pick<Owner, "uid" | "gid">;
  /** True where the pod has a service account's token. */
  token: boolean;
  words?: string[];
  command?: string[];
  mounts?: readonly VolumeMount[];
  env?: readonly EnvVar[];
  resources?: Record<string, unknown> | undefined;
}

/** A container of our image: Pod Security "restricted", a folder for temporary files, no service account token, trust and proxies of `init:`. */
export function ownContainer(options: OwnContainer): object {
  const { name, image, config, volumes, owner, words, command, resources } = options;
  const { init } = config;
  const env = createEnvList();
  env.add({ name: "HOME", value: "/tmp" }, { name: "TMPDIR", value: "/tmp" });
  const mounts: VolumeMount[] = [{ name: volumes.add({ emptyDir: {} }, "bowline-tmp"), mountPath: "/tmp" }];
  if (init.ca !== undefined) {
    const { configMap, key = "ca.crt" } = init.ca;
    const source = { configMap: { name: configMap, items: [{ key, path: "ca.crt" }] } };
    mounts.push({ name: volumes.add(source, "bowline-ca"), mountPath: CA_FOLDER, readOnly: true });
    env.add({ name: "SSL_CERT_FILE", value: `${CA_FOLDER}/ca.crt` });
  }
  if (options.token) {
    // A mount at its place keeps the token out of this container: the admission controller adds it nowhere twice.
    const name = volumes.add({ emptyDir: { sizeLimit: "1Ki" } }, "bowline-no-token");
    mounts.push({ name, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true });
  }
  env.add(...(init.env ?? []), ...(options.env ?? []));
  return {
    name,
    image,
    ...(command === undefined ? {} : { command: command.map(literal) }),
    ...(words === undefined ? {} : { args: words.map(literal) }),
    env: env.list(),
    resources: resources ?? init.resources ?? OWN_RESOURCES,
    securityContext: ownSecurity(owner),
    terminationMessagePath: LAST_WORDS,
    volumeMounts: [...mounts, ...(options.mounts ?? [])],
  };
}

/** The words for `bowline initializer git` in a pod, whose last words are kept by the kubelet. */
export function initializerWords(
  step: Pick<GitStep, "url" | "connection" | "revision" | "pin" | "path">,
  settings: InitializerSettings,
  only?: "--resolve-only" | "--left-only",
): string[] {
  return wordsFor(step, settings, [`--result-file=${LAST_WORDS}`, ...(only === undefined ? [] : [only])]);
}
