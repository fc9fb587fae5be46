import type { ContainerPlan, Plan } from "../../src/compile/index.ts";
import {
  openRuns,
  type Attached,
  type LogLine,
  type RunRecord,
  type Runs,
  type RunsOptions,
} from "../../src/runs/index.ts";
import { plainConfig, planOf, temporaryHome } from "./plans.ts";

/** Runs in a home of their own. */
export interface Harness {
  runs: Runs;
  home: ReturnType<typeof temporaryHome>;
  /** Runs a container to its end. */
  run: (main: Partial<ContainerPlan>, rest?: Partial<Plan>, attached?: Attached) => Promise<RunRecord>;
  /** A shell command instead of a container. */
  sh: (script: string, rest?: Partial<Plan>, attached?: Attached) => Promise<RunRecord>;
  lines: (record: RunRecord, container?: string) => Promise<LogLine[]>;
  /** The lines' texts. */
  texts: (record: RunRecord, container?: string) => Promise<string[]>;
}

export function openHarness(options: Partial<RunsOptions> = {}, home = temporaryHome()): Harness {
  const config = { ...plainConfig(home), ...options.config };
  const runs = openRuns({ env: { PATH: process.env.PATH }, ...options, config });

  function run(main: Partial<ContainerPlan>, rest: Partial<Plan> = {}, attached: Attached = {}): Promise<RunRecord> {
    const places = runs.prepare();
    const plan = planOf(main, { artifactsPath: places.artifactsPath, ...rest });
    return runs.start({ places, plan }, attached);
  }

  async function lines(record: RunRecord, container?: string): Promise<LogLine[]> {
    const found: LogLine[] = [];
    for await (const line of runs.logs(record.uuid, container === undefined ? {} : { container })) found.push(line);
    return found;
  }

  return {
    runs,
    home,
    run,
    sh: (script, rest, attached) => run({ command: ["sh", "-c", script] }, rest, attached),
    lines,
    texts: async (record, container) => (await lines(record, container)).map((line) => line.text),
  };
}
