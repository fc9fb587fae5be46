/** The library: what `import … from "bowline"` gives. */
export { BowlineError, ERROR_CODES, type ErrorCode, type Place, type Problem } from "./lib/index.ts";
