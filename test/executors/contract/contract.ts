import { afterAll, beforeAll, describe } from "vitest";
import { codeCases } from "./cases/code.ts";
import { containerCases } from "./cases/containers.ts";
import { connectionCases } from "./cases/connections.ts";
import { engineCases } from "./cases/engine.ts";
import { logCases } from "./cases/logs.ts";
import { nameCases } from "./cases/names.ts";
import { outcomeCases } from "./cases/outcome.ts";
import { userCases } from "./cases/users.ts";
import type { Harness } from "./harness.ts";
import { subjectOf } from "./subject.ts";

/** Every case of the contract, on one executor; without its engine they are reported as skipped, with the reason. */
export function contract(harness: Harness): void {
  const { executor, absent } = harness;
  const why = absent === undefined ? "" : ` (skipped: ${absent})`;
  describe.skipIf(absent !== undefined)(`the contract on ${executor}${why}`, () => {
    const subject = subjectOf(harness);
    beforeAll(subject.open, 300_000);
    afterAll(subject.close, 60_000);
    codeCases(subject);
    connectionCases(subject);
    containerCases(subject);
    userCases(subject);
    nameCases(subject);
    logCases(subject);
    engineCases(subject);
    outcomeCases(subject);
  });
}
