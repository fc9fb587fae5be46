export { compile } from "./compile.ts";
export type { CompileContext, CompileInput, CompilePolicy, CompileResult } from "./input.ts";
export type { ContainerPlan, ContainerStep, FileStep, GitPin, GitStep, InitStep, Plan } from "./plan.ts";
