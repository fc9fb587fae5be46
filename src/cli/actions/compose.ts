import { BowlineError } from "../../lib/index.ts";
import { composeRun } from "../../runs/index.ts";
import type { CliContext } from "../context.ts";
import { printWarnings } from "../output/problems.ts";
import { compileFiles, type FileOptions } from "../polyaxonfile.ts";
import { withRuns } from "../with-runs.ts";

interface ComposeAction {
  options: FileOptions & { output?: "yaml" | "json"; config?: string };
  rest: string[];
}

/** `bowline compose`: the polyaxonfile for people who live in docker compose. */
export async function run({ options, rest }: ComposeAction, context: CliContext): Promise<void> {
  await withRuns(options, context, async (runs, config) => {
    const places = runs.prepare("docker");
    const { plan, errors, warnings } = await compileFiles({ options, command: rest, config, places }, context);
    printWarnings(warnings, context);
    if (plan === undefined || errors.length > 0) throw new BowlineError(errors);
    const file = await composeRun({ plan, places }, { config, env: { ...context.env } });
    printWarnings(file.warnings, context);
    if (options.output === "json") return context.out(`${JSON.stringify(file.document, null, 2)}\n`);
    // As YAML 1.1 has it, which Compose reads: there a bare `no` is no text.
    const { stringify } = await import("yaml");
    const needed = file.needed.map(({ path, what }) => `#   ${path}  ${what}\n`);
    const head = ["# bowline compose: run it with: docker compose run --rm main\n"];
    if (needed.length > 0) head.push("# Put beside it, readable by nobody else:\n", ...needed);
    context.out(`${head.join("")}${stringify(file.document, { lineWidth: 0, version: "1.1" })}`);
  });
}
