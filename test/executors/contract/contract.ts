import { afterAll, beforeAll, describe } from "vitest";
import { codeCases } from "./cases/code.ts";
import { outcomeCases } from "./cases/outcome.ts";
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
    outcomeCases(subject);
  });
}
