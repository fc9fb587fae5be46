import { readFile } from "node:fs/promises";
import { credentialFromSecret, inScope, scopeOf, type FindCredential } from "../../connections/index.ts";
import { BowlineError, parseGitUrl } from "../../lib/index.ts";
import type { InitializerOptions } from "./options.ts";

/**
 * The credential of an init container: POLYAXON_GIT_CREDENTIALS, or the file that BOWLINE_GIT_CREDENTIALS_FILE names, and the files of the
 * command line. Its scope is that of `--url`.
 */
export async function readCredential(
  options: InitializerOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<FindCredential> {
  const data = new Map<string, Buffer>();
  const file = env["BOWLINE_GIT_CREDENTIALS_FILE"];
  const text = env["POLYAXON_GIT_CREDENTIALS"];
  if (text) data.set("POLYAXON_GIT_CREDENTIALS", Buffer.from(text));
  else if (file) data.set("POLYAXON_GIT_CREDENTIALS", await read(file));
  const files = { "ca.crt": options.caFile, "ssh-privatekey": options.sshKeyFile, known_hosts: options.knownHostsFile };
  for (const [key, path] of Object.entries(files)) if (path !== undefined) data.set(key, await read(path));
  const passphrase = env["BOWLINE_SSH_PASSPHRASE"];
  if (passphrase) data.set("passphrase", Buffer.from(passphrase));
  if (data.size === 0) return async () => undefined;
  const url = parseGitUrl(options.url);
  const scope = scopeOf(url);
  const credential = credentialFromSecret({
    data,
    secret: "POLYAXON_GIT_CREDENTIALS",
    host: url.host,
    scope,
    source: options.connection === undefined ? "the environment" : `connection "${options.connection}"`,
  });
  return async (asked) => (inScope(scope, asked) ? credential : undefined);
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const message = `cannot read "${path}": ${(cause as Error).message}`;
    throw new BowlineError({ code: "FILE_NOT_READ", message, hint: "check the path, and who may read it" }, { cause });
  }
}
