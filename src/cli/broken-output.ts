/** Ends the process that cannot write its data: quietly when the reader went away (`| head`), else with the reason. */
export function endForOutput(host: NodeJS.Process, error: NodeJS.ErrnoException): never {
  if (error.code === "EPIPE") host.exit(0);
  host.stderr.write(`error: standard output cannot be written (${error.code})\n`);
  host.exit(1);
}
