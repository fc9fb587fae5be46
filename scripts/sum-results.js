// Sums vitest's JSON results into the closing line of a whole run: "N passed, N failed, N skipped".
// usage: node scripts/sum-results.js FOLDER FAILED-STEPS; ends with 1 when anything failed
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { filesBelow } from "./lib/files.js";

const [folder, failedSteps] = process.argv.slice(2);
let [passed, failed, skipped] = [0, 0, 0];
for (const file of filesBelow(resolve(folder), ".json")) {
  const result = JSON.parse(readFileSync(resolve(folder, file), "utf8"));
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  skipped += result.numPendingTests + result.numTodoTests;
}
// A step without a failed test (a build, a check, a test file that cannot be loaded) counts as one itself.
failed = Math.max(failed, Number(failedSteps));
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed > 0 ? 1 : 0);
