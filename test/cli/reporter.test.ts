import { expect, test } from "vitest";
import { openContext } from "../../src/cli/context.ts";
import { createReporter } from "../../src/cli/progress/reporter.ts";
import type { RunRecord } from "../../src/runs/index.ts";

const CONTEXT = openContext(process);

/** What is shown of a run that was just made. */
function firstLine(namespace?: string): string {
  let shown = "";
  const context = { ...CONTEXT, err: (text: string | Uint8Array) => void (shown += String(text)) };
  const record: RunRecord = {
    ...{ apiVersion: "bowline/v1", uuid: "0b6c1b1e-6f0e-4b62-9d3c-2f4e0d7a9c11", name: "team-a", kind: "job" },
    ...{ executor: "kubernetes", status: "created", createdAt: "2026-11-23T08:00:00.000Z" },
    ...{ statuses: [], codeReferences: [], logs: [] },
  };
  createReporter({ dataOnly: false }, context).event({ type: "created", record, ...(namespace && { namespace }) });
  return shown;
}

test("a run of a cluster says in its first line in which namespace it is, which -n does not say", () => {
  expect(firstLine("ml")).toContain("team-a  in namespace ml\n");
  expect(firstLine()).toMatch(/team-a\n$/);
});
