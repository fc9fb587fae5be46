import type { Plan } from "../compile/index.ts";
import { scopeOfMatch } from "../connections/index.ts";
import { prepareJobGit, type JobConnection, type JobFile } from "../git/index.ts";
import { BowlineError, parseGitUrl } from "../lib/index.ts";
import type { ExecutionContext } from "./executor.ts";

export interface JobGitInput {
  plan: Plan;
  context: ExecutionContext;
  connections: readonly string[];
  /** The container's environment so far. */
  env: Readonly<Record<string, string>>;
  /** Where the files will be, as the job sees it. */
  folder: string;
  /** Puts files there, each whole or not at all, as git may read it at any moment. */
  write: (files: readonly JobFile[]) => Promise<void>;
}

/** What lets plain git in a container use its connections. */
export interface JobGitFiles {
  /** Points to the files; nothing for a container without git connections. */
  env: Record<string, string>;
  /** Looks the credentials up again and writes the files that changed: git reads them anew at each start. Never throws. */
  follow: () => Promise<void>;
}

/** Writes the files that let plain git in a container use its connections. */
export async function writeJobGit(input: JobGitInput): Promise<JobGitFiles> {
  const { plan, context, env, folder, write } = input;
  const connections = await gitConnections(input);
  if (connections.length === 0) return { env: {}, follow: async () => {} };
  const safeDirectories = plan.init.flatMap((step) => (step.kind === "git" ? [step.path] : []));
  const prepare = (known: readonly JobConnection[]) =>
    prepareJobGit({ connections: known, folder, safeDirectories, env, policy: context.config.policy });
  const git = prepare(connections);
  const written = new Map(git.files.map(({ name, content }) => [name, content]));
  await write(git.files);
  return {
    env: git.env,
    async follow() {
      try {
        const now = await Promise.all(connections.map((connection) => lookedUpAgain(connection, input)));
        const changed = prepare(now).files.filter(({ name, content }) => written.get(name) !== content);
        if (changed.length === 0) return;
        await write(changed);
        for (const { name, content } of changed) written.set(name, content);
      } catch {
        // A secret that was removed, or cannot be used any more, or a full disk: what the job has stays.
      }
    },
  };
}

/** The same connection with the credential of now. The user's own git (`from: git`) is asked once only: it may ask the user. */
async function lookedUpAgain(connection: JobConnection, { plan, context }: JobGitInput): Promise<JobConnection> {
  const { name, url, credential } = connection;
  if (credential === undefined) return connection;
  const ofGit = context.config.catalog.credentials.some(
    ({ from, match }) => from === "git" && scopeOfMatch(match) === credential.scope,
  );
  if (ofGit && plan.connections[name]?.secret === undefined) return connection;
  const parsed = parseGitUrl(url, { schemes: context.config.policy.schemes });
  return { name, url, credential: await context.findCredentialFor(name)(parsed) };
}

async function gitConnections({ plan, context, connections }: JobGitInput): Promise<JobConnection[]> {
  const found: JobConnection[] = [];
  for (const name of connections) {
    const connection = plan.connections[name];
    const url = connection?.schema?.url;
    if (url === undefined || (connection?.kind !== "git" && connection?.kind !== "ssh")) continue;
    found.push({ name, url, credential: await credentialOf({ context, name, url }) });
  }
  return found;
}

/** A secret that git cannot use is no error here: the container may have a use of its own for it. */
async function credentialOf({ context, name, url }: { context: ExecutionContext; name: string; url: string }) {
  try {
    return await context.findCredentialFor(name)(parseGitUrl(url, { schemes: context.config.policy.schemes }));
  } catch (error) {
    if (!(error instanceof BowlineError) || error.code !== "SECRET_INVALID") throw error;
    const [problem] = error.problems;
    context.onEvent({
      type: "warning",
      warning: { ...problem, code: "GIT_NOT_SET_UP", message: `git is not set up in the job: ${problem.message}` },
    });
    return undefined;
  }
}
