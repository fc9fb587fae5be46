import type { ContainerPlan, InitStep, Plan } from "../../compile/index.ts";
import { escapeControl } from "../output/escape.ts";

/** A plan in short: a line for each init step and container, in order. */
export function planLines(plan: Plan): string[] {
  const rows = [
    ...plan.init.map(stepCells),
    ...[plan.main, ...plan.sidecars].map((container) => [container.name, commandOf(container)] as const),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
}

function stepCells(step: InitStep): readonly [string, string] {
  if (step.kind === "file") return [step.name, `writes ${escapeControl(step.filename)}`];
  if (step.kind === "container") return [step.name, commandOf(step.container)];
  const by = step.handler === undefined ? "" : ` by ${step.handler.name}`;
  return [step.name, `${escapeControl(step.url)} at ${escapeControl(step.revision ?? "HEAD")}${by}`];
}

function commandOf({ command = [], args = [], image }: ContainerPlan): string {
  const text = escapeControl([...command, ...args].join(" "));
  const shown = text.length > 100 ? `${text.slice(0, 99)}…` : text;
  return shown || image || "(no command yet)";
}
