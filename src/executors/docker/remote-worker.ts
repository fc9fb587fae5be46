import { posix } from "node:path";
import type { ContainerPlan, FileStep, GitStep } from "../../compile/index.ts";
import { scopeOfMatch, type Credential } from "../../connections/index.ts";
import type { CodeReference } from "../../git/index.ts";
import { BowlineError, parseGitUrl, parseJson, type ProblemInput, type ProblemRecord } from "../../lib/index.ts";
import type { Ended } from "../executor.ts";
import { initImage } from "../init-image.ts";
import { initializerWords, type CredentialFolder } from "../initializer-words.ts";
import { at } from "../plan-check.ts";
import type { TarEntry } from "./client/tar.ts";
import type { DockerRun } from "./docker-run.ts";
import type { StepWorker } from "./init-steps.ts";
import type { RemoteFolders } from "./remote-folders.ts";
import type { Owner } from "./user.ts";

/** Where the initializer finds credentials in its container. */
const CREDENTIALS = "/bowline/credentials";

const ROOT: Owner = { uid: 0, gid: 0 };

/** Our image does the git steps, as a container of the engine, into the run's volumes; nothing but the commit was asked from here. */
export function remoteWorker(run: DockerRun, { folders, owner }: { folders: RemoteFolders; owner: Owner }): StepWorker {
  const { context, plan } = run;

  async function git(step: GitStep, signal: AbortSignal): Promise<void> {
    const { credentials, files } = await credentialsFor(step, run);
    const settings = { policy: context.config.policy, options: step.options, credentials };
    const words = initializerWords(step, settings, [`--owner=${owner.uid}:${owner.gid}`]);
    const reference = await initialize(step, { words, files, run, signal });
    context.onEvent({ type: "code-reference", step: step.name, reference });
  }

  async function file({ path, filename, content, mode }: FileStep): Promise<void> {
    const base = path.startsWith(`${plan.artifactsPath}/`) ? plan.artifactsPath : path;
    const below = posix.relative(base, path);
    const name = posix.join(below, filename);
    await folders.write(base, [...foldersTo(below, owner), { name, content: Buffer.from(content), mode, ...owner }]);
  }

  async function left(step: GitStep): Promise<void> {
    const settings = { policy: context.config.policy, options: step.options, credentials: [] };
    const words = initializerWords(step, settings, ["--left-only"]);
    try {
      const reference = await initialize(step, { words, files: [], run, signal: run.ending.signal });
      context.onEvent({ type: "code-reference", step: step.name, reference });
    } catch (error) {
      // What a handler left need not be a repository.
      if (!(error instanceof BowlineError)) throw error;
    }
  }

  return { git, file, left };
}

interface Initializing {
  words: string[];
  files: TarEntry[];
  run: DockerRun;
  signal: AbortSignal;
}

/** Runs our image; its standard output is the code reference or the errors, what it says besides is the step's log. */
async function initialize(step: GitStep, { words, files, run, signal }: Initializing): Promise<CodeReference> {
  const { config } = run.context;
  const output: Buffer[] = [];
  const container: ContainerPlan = {
    name: step.name,
    image: initImage(config),
    args: words,
    env: [...(config.init.env ?? []), ...(step.settings?.env ?? [])],
    connections: [],
    rest: { securityContext: { runAsUser: 0, runAsGroup: 0 } },
    ...withResources(step.settings?.resources ?? config.init.resources),
    ...at(step.place),
  };
  const { id, ended } = await run
    .start({
      ...{ log: `init/${step.name}`, attempt: 1, container },
      files: new Map([[CREDENTIALS, files]]),
      capture: (chunk) => void output.push(chunk),
    })
    .catch((error: unknown) => {
      throw ownImageError(error);
    });
  const stop = (): void => void run.remove(id).catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  const result = await ended;
  signal.removeEventListener("abort", stop);
  await run.remove(id);
  signal.throwIfAborted();
  return readResult(step, Buffer.concat(output).toString(), result);
}

/** Whoever named the image is the config, not the polyaxonfile. */
function ownImageError(error: unknown): unknown {
  if (!(error instanceof BowlineError) || error.code !== "IMAGE_NOT_PULLED") return error;
  const hint = "name an image with Bowline's initializer that the engine has or can pull: init.image of the config";
  return new BowlineError({ ...error.problems[0], hint });
}

function withResources(resources: Record<string, unknown> | undefined): { resources?: Record<string, unknown> } {
  return resources === undefined ? {} : { resources };
}

function readResult(step: GitStep, text: string, { exitCode, refused, outOfMemory }: Ended): CodeReference {
  const result = parseJson<CodeReference & { errors?: ProblemRecord[] }>(text);
  if (outOfMemory) throw tooLittleMemory(step, `exit code ${exitCode}: it used more memory than its limit`);
  const errors = result?.errors?.map(({ code, message, hint }) => ({
    ...({ code, message, hint } as ProblemInput),
    ...at(step.place),
    ...(step.connection === undefined ? {} : { connection: step.connection }),
  }));
  if (errors !== undefined && errors.length > 0) throw new BowlineError(errors);
  if (result !== undefined && exitCode === 0) return result;
  // nobody kills it but the system, and an engine may have missed why
  if (exitCode === KILLED)
    throw tooLittleMemory(step, `exit code ${exitCode}: it was killed, for want of memory most likely`);
  throw new BowlineError({
    code: "RUN_FAILED",
    message: `the initializer of "${step.name}" ended with exit code ${exitCode}${refused === undefined ? "" : `: ${refused}`}`,
    hint: "see what it said in its log; init.image of the config is to be Bowline's own image, of this version",
    ...at(step.place),
  });
}

/** Of a process that got KILL. */
const KILLED = 137;

function tooLittleMemory(step: GitStep, how: string): BowlineError {
  return new BowlineError({
    code: "RUN_FAILED",
    message: `the init step "${step.name}" ended with ${how}`,
    hint: "give it more memory: init.resources of the config, or the step's container.resources",
    ...at(step.place),
  });
}

/** The step's own credential as files; with submodules or LFS those of `credentials:` too, as it is not known yet where these are. */
async function credentialsFor(
  step: GitStep,
  { context }: DockerRun,
): Promise<{ credentials: CredentialFolder[]; files: TarEntry[] }> {
  const { connection, url, options } = step;
  const parsed = parseGitUrl(url, { schemes: context.config.policy.schemes });
  const found = await context.findCredentialFor(connection)(parsed);
  const folders = found === undefined ? [] : [{ ...folderOf(found), data: keysOf(found) }];
  const others = options.submodules === false && !options.lfs ? [] : context.config.catalog.credentials;
  for (const { match, secret, from: _, place: __, ...settings } of others) {
    if (secret === undefined) continue;
    const data = await context.readSecret(secret.name).catch(() => undefined);
    if (data === undefined) continue;
    const source = `credentials entry "${match}"`;
    folders.push({ scope: scopeOfMatch(match), source, secret: secret.name, ...settings, data: new Map(data) });
  }
  return {
    credentials: folders.map(({ data: _data, ...folder }, index) => ({ ...folder, folder: `${CREDENTIALS}/${index}` })),
    files: folders.flatMap(({ data }, index) =>
      [...data].map(([key, content]) => ({ name: `${index}/${key}`, content, mode: 0o600, ...ROOT })),
    ),
  };
}

function folderOf({ scope, source, http, proxy }: Credential): Omit<CredentialFolder, "folder"> {
  return {
    ...{ scope, source },
    ...(http?.kind === "bearer" ? { auth: "bearer" } : {}),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

/** A credential as the secret that it would come from. */
function keysOf({ http, ssh, knownHosts, ca }: Credential): Map<string, Buffer> {
  const keys = new Map<string, string>();
  if (http?.kind === "basic") keys.set("POLYAXON_GIT_CREDENTIALS", `${http.username}:${http.password}`);
  if (http?.kind === "bearer") keys.set("POLYAXON_GIT_CREDENTIALS", `:${http.token}`);
  if (typeof ssh === "object") {
    keys.set("ssh-privatekey", ssh.privateKey);
    if (ssh.passphrase !== undefined) keys.set("passphrase", ssh.passphrase);
  }
  if (knownHosts !== undefined) keys.set("known_hosts", knownHosts);
  if (ca !== undefined) keys.set("ca.crt", ca);
  return new Map([...keys].map(([name, text]) => [name, Buffer.from(text)]));
}

/** Each folder on the way to a file: they are the job's own, too. */
function foldersTo(path: string, owner: Owner): TarEntry[] {
  const parts = path === "" ? [] : path.split("/");
  return parts.map((_, index) => ({ name: `${parts.slice(0, index + 1).join("/")}/`, mode: 0o777, ...owner }));
}
