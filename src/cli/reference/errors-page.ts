import { ERROR_CODES } from "../../lib/index.ts";

/** `docs/reference/errors.md`: every error code, from the table that decides the exit code. */
export function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { exit, meaning }]) => `| \`${code}\` | ${exit} | ${meaning} |\n`,
  );
  const exits = Object.entries(EXIT_MEANINGS).map(([exit, meaning]) => `| ${exit} | ${meaning} |\n`);
  return `# Errors and exit codes

Printed from the table of errors by \`npm run reference\`. An error has a stable code, says what failed, where, and what to do next. When there
are several, the first one decides the exit code.

| exit code | when |
| --- | --- |
${exits.join("")}
The job's own exit code is in \`exitCode\` of the run record only.

| code | exit code | when |
| --- | --- | --- |
${rows.join("")}`;
}

const EXIT_MEANINGS = {
  0: "it worked",
  1: "the run failed or was stopped, or the disk is full",
  2: "usage, an invalid file or catalog, or the policy forbids it",
  3: "not found: revision, repository, run, connection, secret",
  4: "refused: credential, access, host key",
  5: "not reached: name resolution, connection, TLS, stall, redirect elsewhere, executor absent",
  70: "a bug in Bowline",
  124: "the run took longer than its timeout",
  129: "ended by SIGHUP",
  130: "ended by SIGINT (Ctrl-C)",
  143: "ended by SIGTERM",
};
