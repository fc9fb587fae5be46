import { COMMANDS, GROUPS } from "../commands/index.ts";
import { candidates, type CandidateSources } from "../completion/index.ts";
import type { CliContext } from "../context.ts";

/** `bowline __complete -- WORD…`: one candidate a line, its meaning after a tab. A shell must never see an error from it. */
export async function run({ rest }: { rest: string[] }, context: CliContext): Promise<void> {
  const found = await candidates(rest, { commands: COMMANDS, groups: GROUPS, sources: sourcesOf(context) }).catch(
    () => [],
  );
  context.out(found.map(({ value, about }) => (about ? `${value}\t${about}\n` : `${value}\n`)).join(""));
}

function sourcesOf(_context: CliContext): CandidateSources {
  const executors = ["process", "docker", "kubernetes"];
  return {
    executor: async () => executors.map((value) => ({ value })),
    run: async () => [],
    connection: async () => [],
    secret: async () => [],
    container: async () => [],
  };
}
