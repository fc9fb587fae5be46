export { ERROR_CODES, type ErrorCode } from "./error-codes.ts";
export {
  BowlineError,
  problemRecord,
  type Place,
  type Problem,
  type ProblemInput,
  type ProblemRecord,
} from "./errors.ts";
export { type GitUrl } from "./git-url.ts";
