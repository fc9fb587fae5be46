import { posix } from "node:path";
import type { ContainerPlan, Plan } from "../../compile/index.ts";
import { configEnv, type JobFile } from "../../git/index.ts";
import { containerEnv } from "../container-env.ts";
import type { ExecutionContext } from "../executor.ts";
import { expandVariables } from "../expand-variables.ts";
import { writeJobGit, type JobGitFiles } from "../job-git.ts";
import { tarOf, type TarEntry } from "./client/tar.ts";
import { hostSettings } from "./settings.ts";
import type { Owner } from "./user.ts";

/** Where the files of git are in a container; a volume of its own, so that they can be written also where the root is read-only. */
const PRIVATE = "/bowline";

export interface BodyInput {
  plan: Plan;
  context: ExecutionContext;
  container: ContainerPlan;
  connections: readonly string[];
  more?: Readonly<Record<string, string>> | undefined;
  labels: Record<string, string>;
  /** Who it runs as; secret files are his. */
  owner: Owner;
  mounts: readonly Mount[];
  binds: readonly string[];
  /** `HostConfig.NetworkMode`, where the plan does not ask for the host's. */
  networkMode: string;
  /** Container ports that are published on loopback, with the port there; 0 is any. */
  ports: ReadonlyMap<number, number>;
  /** More files, each list in a volume of its own at that folder. */
  files: ReadonlyMap<string, readonly TarEntry[]>;
  /** Files that are put beside what the image has. */
  rootFiles: ReadonlyMap<string, readonly TarEntry[]>;
  /** Writes an archive into the container, once there is one. */
  upload: (folder: string, archive: Buffer) => Promise<void>;
}

/** One entry of `HostConfig.Mounts`. */
export interface Mount {
  Type: "bind" | "volume";
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  VolumeOptions?: { NoCopy?: boolean; Labels?: Record<string, string> };
}

/** What a container is made of. */
export interface ContainerBody {
  /** For /containers/create. */
  body: Record<string, unknown>;
  git: JobGitFiles;
  /** Puts the secret files into the container that was made; before it is started. */
  fill: () => Promise<void>;
}

/** The engine's description of a container, and what is secret of it, which goes into volumes of its own. */
export async function containerBody(input: BodyInput): Promise<ContainerBody> {
  const { plan, context, container, connections, owner, labels } = input;
  const settings = hostSettings(container, plan);
  const folders = new Map(input.files);
  let filled = false;

  async function put(folder: string, entries: readonly TarEntry[]): Promise<void> {
    if (filled) await input.upload(folder, tarOf(entries));
    else folders.set(folder, [...(folders.get(folder) ?? []), ...entries]);
  }

  const own = await containerEnv({
    ...{ plan, context, container, connections, contextPath: posix.dirname(plan.artifactsPath) },
    ...(input.more === undefined ? {} : { more: input.more }),
    async mountSecret({ mountPath, items, defaultMode = 0o600 }) {
      const path = posix.normalize(mountPath);
      await put(
        path,
        items.map(([name, content]) => ({ name, content, mode: defaultMode & 0o700, ...owner })),
      );
      return mountPath;
    },
  });
  const git = await writeJobGit({
    ...{ plan, context, connections, env: own, folder: `${PRIVATE}/git` },
    write: (files) =>
      put(
        PRIVATE,
        files.map((file) => gitFile(file, owner)),
      ),
  });
  const env = { ...own, ...(Object.keys(git.env).length > 0 ? git.env : safeDirectories(plan, own)) };
  const words = (list: readonly string[] | undefined) => list?.map((word) => expandVariables(word, env));
  const volumes = [...folders.keys()].map((Target): Mount => ({
    Type: "volume",
    Target,
    VolumeOptions: { NoCopy: true, Labels: labels },
  }));
  const user = settings.user === undefined ? {} : { User: settings.user };
  const body = {
    Image: container.image,
    ...(container.command === undefined ? {} : { Entrypoint: words(container.command) }),
    ...(container.args === undefined ? {} : { Cmd: words(container.args) }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(container.workingDir === undefined ? {} : { WorkingDir: container.workingDir }),
    ...user,
    Labels: { ...settings.labels, ...labels },
    ExposedPorts: Object.fromEntries([...input.ports.keys()].map((port) => [`${port}/tcp`, {}])),
    HostConfig: {
      NetworkMode: input.networkMode,
      // As a shell does it: TERM reaches the job also when its first process has no handler, and nothing stays as a zombie.
      Init: true,
      // Whatever the engine's default is: a log that can be read, and is gone with the container.
      LogConfig: { Type: "json-file", Config: {} },
      PortBindings: publishedPorts(input.ports),
      Mounts: [...input.mounts, ...volumes],
      Binds: input.binds,
      ...settings.hostConfig,
    },
  };

  async function fill(): Promise<void> {
    filled = true;
    for (const [folder, entries] of folders) await input.upload(folder, tarOf(entries));
    const beside = [...input.rootFiles].flatMap(([folder, entries]) =>
      entries.map((entry) => ({ ...entry, name: posix.join(folder, entry.name).slice(1) })),
    );
    if (beside.length > 0) await input.upload("/", tarOf(beside));
  }
  return { body, git, fill };
}

function gitFile({ name, content, mode }: JobFile, owner: Owner): TarEntry {
  return { name: `git/${name}`, content: Buffer.from(content), mode: mode & 0o700, ...owner };
}

/** git trusts the run's repositories, whoever the container runs as. */
function safeDirectories(plan: Plan, env: Readonly<Record<string, string>>): Record<string, string> {
  const paths = plan.init.flatMap((step) => (step.kind === "git" ? [step.path] : []));
  if (paths.length === 0) return {};
  return configEnv(
    paths.map((path) => ["safe.directory", path]),
    env,
  );
}

function publishedPorts(ports: ReadonlyMap<number, number>): Record<string, unknown> {
  return Object.fromEntries(
    [...ports].map(([port, here]) => [
      `${port}/tcp`,
      [{ HostIp: "127.0.0.1", HostPort: here === 0 ? "" : String(here) }],
    ]),
  );
}
