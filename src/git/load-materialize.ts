import { setImmediate } from "node:timers/promises";
import type { CodeReference } from "./code-reference.ts";
import { located } from "./failures.ts";
import { checkGitVersion } from "./process/git-version.ts";
import type { GitRequest, MaterializeRequest } from "./request.ts";

/** See `materialize.ts`: two thirds of the engine, which nobody needs before a server has answered. */
export async function materialize(request: MaterializeRequest): Promise<CodeReference> {
  const { materialize: now } = await import("./materialize.ts").catch((error: unknown) => {
    throw located(error, request);
  });
  return now(request);
}

/**
 * Does what `materialize` needs whatever the server answers, while that is waited for: to be called right after `resolve`. Sends nothing and writes
 * nothing. What fails here fails again, and is told, there.
 */
export async function prepareMaterialize({ network, cache }: Pick<GitRequest, "network" | "cache">): Promise<void> {
  // the connection is made first
  await setImmediate();
  // what is cached needs no git
  if (cache === undefined) checkGitVersion(network).catch(() => undefined);
  await Promise.all([import("./materialize.ts"), import("node:crypto"), import("node:fs/promises")]);
}
