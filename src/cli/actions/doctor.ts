import type { CliContext } from "../context.ts";
import { examineMachine, type Finding } from "../doctor.ts";
import { examineExecutor } from "../doctor-executor.ts";
import type { ExecutorOptions } from "../executor-options.ts";
import { printList, printValue, type Format } from "../output/data.ts";
import type { Column } from "../output/table.ts";

/** `bowline doctor`: exit code 2 when something that is needed is missing. */
export async function run(
  { options }: { options: ExecutorOptions & { output?: Format; config?: string } },
  context: CliContext,
): Promise<number> {
  const { role, findings: ofCluster } = await examineExecutor(options, context);
  const findings = [...(await examineMachine(options, context)), ...ofCluster];
  const { red, yellow, green } = context.style.out;
  const paint = { ok: green, missing: yellow, wrong: red };
  const columns: Column<Finding>[] = [
    { header: "WHAT", cell: ({ what }) => what },
    { header: "STATE", cell: ({ state }) => state, paint: (text, { state }) => paint[state](text) },
    { header: "DETAIL", cell: ({ detail }) => detail },
  ];
  await printList(findings, { format: options.output, columns, name: ({ what }) => what, empty: "" }, context);
  for (const { what, hint } of findings) if (hint) context.err(`${context.style.err.cyan("hint:")} ${what}: ${hint}\n`);
  if (role !== undefined && options.output === undefined) {
    context.out("\n# The rights that runs need here:\n---\n");
    await printValue(role, "yaml", context);
  }
  return findings.some(({ state }) => state === "wrong") ? 2 : 0;
}
