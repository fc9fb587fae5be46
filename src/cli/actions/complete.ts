import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "../../config/index.ts";
import { openRuns } from "../../runs/index.ts";
import { openSecretStore } from "../../secrets/index.ts";
import type { CommandList } from "../command.ts";
import { candidates, type Candidate, type CandidateSources } from "../completion/index.ts";
import type { CliContext } from "../context.ts";

/** `bowline __complete -- WORD…`: one candidate a line, its meaning after a tab. A shell must never see an error from it. */
export async function run({ rest }: { rest: string[] }, context: CliContext, all: CommandList): Promise<void> {
  const sources = sourcesOf(rest, context);
  const complete = candidates(rest, { ...all, sources }).catch(() => []);
  const found = await Promise.race([complete, sleep(PATIENCE, [])]);
  context.out(found.map(({ value, about }) => (about ? `${value}\t${about}\n` : `${value}\n`)).join(""));
}

/** Milliseconds. Somebody waits at a prompt: a store that is locked completes nothing. */
const PATIENCE = 1000;

function sourcesOf(words: readonly string[], context: CliContext): CandidateSources {
  const named = words.indexOf("--config");
  const flag = named >= 0 && words[named + 1] ? { flag: words[named + 1]! } : {};
  const config = () => loadConfig({ ...flag, cwd: context.cwd, env: context.env });
  const latestRuns = async () => {
    const runs = openRuns({ config: await config(), env: { ...context.env } });
    const list = await runs.list({ limit: 50 });
    await runs.close();
    return list;
  };
  return {
    executor: async () => ["process", "docker", "kubernetes"].map((value) => ({ value })),
    run: async () =>
      (await latestRuns()).map(({ uuid, name, status }) => ({ value: uuid.slice(0, 8), about: `${name}, ${status}` })),
    connection: async () =>
      [...(await config()).catalog.connections.values()].map(({ name, description, schema }) =>
        withAbout(name, description ?? schema?.url),
      ),
    secret: async () =>
      (await openSecretStore((await config()).home).names()).map(({ name, keys }) => withAbout(name, keys.join(", "))),
    container: async () => {
      const run = (await latestRuns()).find(({ uuid }) =>
        words.some((word) => word.length >= 4 && uuid.startsWith(word)),
      );
      return (run?.logs ?? ["main"]).map((value) => ({ value }));
    },
  };
}

function withAbout(value: string, about: string | undefined): Candidate {
  return about === undefined ? { value } : { value, about: about.replaceAll(/\s+/g, " ") };
}
