import { afterAll, beforeAll, describe } from "vitest";
import { codeCases } from "./cases/code.ts";
import { containerCases } from "./cases/containers.ts";
import { connectionCases } from "./cases/connections.ts";
import { engineCases } from "./cases/engine.ts";
import { logCases } from "./cases/logs.ts";
import { nameCases } from "./cases/names.ts";
import { outcomeCases } from "./cases/outcome.ts";
import { pageCases } from "./cases/page.ts";
import { userCases } from "./cases/users.ts";
import type { Harness } from "./harness.ts";
import { subjectOf, type Subject } from "./subject.ts";

/** Every case of the contract, on one executor; without its engine they are reported as skipped, with the reason. */
export function contract(harness: Harness, parts: readonly ((subject: Subject) => void)[] = ALL): void {
  const { executor, absent, name = executor } = harness;
  const why = absent === undefined ? "" : ` (skipped: ${absent})`;
  describe.skipIf(absent !== undefined)(`the contract on ${name}${why}`, () => {
    const subject = subjectOf(harness);
    beforeAll(subject.open, 300_000);
    afterAll(subject.close, 60_000);
    for (const part of parts) part(subject);
  });
}

/** What depends on how the code and the secrets come to the job. */
export const CODE = [codeCases, connectionCases, containerCases, userCases, nameCases];

export const THE_REST = [pageCases, logCases, outcomeCases, engineCases];

const ALL = [...CODE, ...THE_REST];
