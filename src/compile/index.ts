export type { Compiled, ContainerPlan, ContainerStep, FileStep, GitPin, GitStep, InitStep, Plan } from "./plan.ts";
