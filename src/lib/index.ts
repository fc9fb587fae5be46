export { ERROR_CODES, type ErrorCode } from "./error-codes.ts";
export {
  BowlineError,
  problemRecord,
  type Place,
  type Problem,
  type ProblemInput,
  type ProblemRecord,
} from "./errors.ts";
export { ALL_SCHEMES, parseGitUrl, shownUrl, withoutBrackets, type GitUrl } from "./git-url.ts";
export { isMap, mapTexts, parseJson } from "./json.ts";
export { isLeftover } from "./leftovers.ts";
export { findProcesses, isAlive, ownIdentity, ownMark, isMarkAlive, type ProcessIdentity } from "./processes.ts";
export { checkRevision, isFullCommit, parseRevision, type Revision } from "./revision.ts";
export { didYouMean } from "./near-names.ts";
export {
  createPrivateFile,
  isThere,
  listIfThere,
  makeFolder,
  makePrivateFolder,
  readIfThere,
  readPlainFile,
  readRecord,
  readSmallFile,
  writeAnew,
  writeContent,
  writePrivateFile,
} from "./files.ts";
export { errnoOf, isOfDisk, isOfMachine, limitError, machineError, systemError, writeError } from "./system-errors.ts";
export { withFileLock } from "./file-lock.ts";
export { createTunnelAgent, openProxyTunnel, proxyAuthorization, ProxyRefusal } from "./proxy-tunnel.ts";
export { openSqlite, type SqliteDatabase, type SqliteValue } from "./sqlite.ts";
export { VERSION } from "./version.ts";
export { removeAll } from "./remove-all.ts";
export { runProgram } from "./run-program.ts";
export { shellQuote } from "./shell-quote.ts";
export { withoutPercent } from "./percent-matcher.ts";
export { proxyPasswords, withoutUserInfo } from "./proxy-password.ts";
export { createRedactor, MASK, type RedactingStream, type Redactor } from "./redact.ts";
