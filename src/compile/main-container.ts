import { isEmpty, nodeAt, placeOf, type RunFields, type YamlMap } from "../spec/index.ts";
import { containerPlan, doesWork } from "./containers.ts";
import type { CompileInput } from "./input.ts";
import { stepName } from "./init-steps.ts";
import type { Namer } from "./names.ts";
import type { ResolvedParam } from "./params.ts";
import type { ContainerPlan, GitStep } from "./plan.ts";
import type { Report } from "./report.ts";
import { shown } from "./template-filters.ts";
import { plainData } from "../spec/index.ts";

interface MainInput {
  run: YamlMap;
  fields: RunFields;
  input: CompileInput;
  params: readonly ResolvedParam[];
  repositories: readonly GitStep[];
  report: Report;
}

/** The main container, with the command line's command and image, and the folder that relative paths are in. */
export function mainContainer({ run, fields, input, params, repositories, report }: MainInput): {
  container: ContainerPlan;
  base: string;
} {
  const { command, image, context } = input;
  const node = nodeAt(run, ["container"]);
  const place = placeOf(isEmpty(node) ? (run.entries.get("container")?.key ?? run.spot) : node!.spot);
  const written = fields.container ?? {};
  if (!doesWork(written) && command === undefined && image === undefined) reportNothingToRun(input, place, report);
  const [only] = repositories.length === 1 ? repositories : [];
  const base = only?.path ?? context.artifactsPath;
  const { args: _, ...withoutArgs } = written;
  const filled = {
    ...(command ? { ...withoutArgs, command: [...command] } : written),
    ...(image !== undefined && { image }),
  };
  const container = containerPlan(filled, { name: "main", base, connections: [...new Set(fields.connections)], place });
  if (container.workingDir === undefined && only) container.workingDir = only.path;
  container.env.push(...envOfParams(params));
  return { container, base };
}

/** Sidecars, each with a name of its own. */
export function sidecarContainers({
  run,
  fields,
  base,
  namer,
  report,
}: {
  run: YamlMap;
  fields: RunFields;
  base: string;
  namer: Namer;
  report: Report;
}): ContainerPlan[] {
  return (fields.sidecars ?? []).map((sidecar, index) => {
    const node = nodeAt(run, ["sidecars", index]);
    const place = node && placeOf(node.spot);
    if (!doesWork(sidecar)) {
      report.errors.push({
        code: "FIELD_MISSING",
        message: "this sidecar has neither an image nor a command",
        hint: "write `image: …` or `command: […]`",
        ...(place && { place }),
      });
    }
    const name = stepName(sidecar.name, `sidecar-${index + 1}`, { namer, report, node });
    return containerPlan(sidecar, { name, base, ...(place && { place }) });
  });
}

function envOfParams(params: readonly ResolvedParam[]): { name: string; value: string }[] {
  return params.flatMap(({ toEnv, value }) => {
    if (toEnv === undefined || !value) return [];
    return [{ name: toEnv, value: value.kind === "scalar" ? value.text : shown(plainData(value)) }];
  });
}

function reportNothingToRun(
  { requireCommand = true, files }: CompileInput,
  place: ReturnType<typeof placeOf>,
  report: Report,
): void {
  const problem = {
    code: "CONTAINER_MISSING" as const,
    message: "the run has no container with a command or an image",
    hint: `write \`container: {command: […]}\`, or give the command: bowline run -f ${files[0]!.name} -- COMMAND…`,
    place,
  };
  if (requireCommand) report.errors.push(problem);
  else report.warnings.push(problem);
}
