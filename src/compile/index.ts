export { compile } from "./compile.ts";
export type { CompileContext, CompileInput, CompilePolicy, CompileResult } from "./input.ts";
export type { Compiled, ContainerPlan, ContainerStep, FileStep, GitPin, GitStep, InitStep, Plan } from "./plan.ts";
