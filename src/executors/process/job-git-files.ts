import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plan } from "../../compile/index.ts";
import { prepareJobGit, type JobConnection } from "../../git/index.ts";
import { BowlineError, parseGitUrl } from "../../lib/index.ts";
import type { ExecutionContext } from "../executor.ts";

export interface JobGitInput {
  plan: Plan;
  context: ExecutionContext;
  connections: readonly string[];
  /** The container's environment so far. */
  env: Readonly<Record<string, string>>;
  privateFolder: string;
}

/** Writes the files that let plain git in a container use its connections; gives the variables that point to them. None for a container without git connections. */
export async function writeJobGit(input: JobGitInput): Promise<Record<string, string>> {
  const { plan, context, env } = input;
  const connections = await gitConnections(input);
  if (connections.length === 0) return {};
  const folder = join(input.privateFolder, "git");
  const safeDirectories = plan.init.flatMap((step) => (step.kind === "git" ? [step.path] : []));
  const git = prepareJobGit({ connections, folder, safeDirectories, env, policy: context.config.policy });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { name, content, mode } of git.files)
    await writeFile(join(folder, name), content, { mode: mode & 0o700, flag: "wx" });
  return git.env;
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
