// How another program uses the package: compiled against its types where the package is installed.
import { BowlineError, ERROR_CODES, type ErrorCode } from "bowline";

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof BowlineError)) return 70;
  const code: ErrorCode = error.code;
  return ERROR_CODES[code].exit;
}
