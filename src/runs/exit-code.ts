import { ERROR_CODES, type ErrorCode } from "../lib/index.ts";
import type { RunRecord } from "./record.ts";

/** The exit code of a command that waited for this run: the first error's, else 1 for what did not succeed. The job's own code is in the record only. */
export function exitCodeOf(record: RunRecord): number {
  const code = record.errors?.[0]?.code;
  if (code !== undefined && Object.hasOwn(ERROR_CODES, code)) return ERROR_CODES[code as ErrorCode].exit;
  return record.status === "failed" || record.status === "stopped" ? ERROR_CODES.RUN_FAILED.exit : 0;
}
