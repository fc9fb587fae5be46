import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Small files that take long. */
const LONG = [
  "acceptance/crash",
  "executors/contract/docker-remote",
  "executors/contract/kubernetes",
  "executors/contract/process",
  "git/cache-processes",
  "git/crash-rounds",
  "git/kept-base",
  "git/servers",
  "runs/supervision",
].map((name) => `/test/${name}.test.ts`);

/** Where no earlier run is known, vitest begins with the largest files; here with those that would keep one worker busy at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId, project }: TestSpecification): boolean =>
      project.name === "all" && LONG.some((path) => moduleId.endsWith(path));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
