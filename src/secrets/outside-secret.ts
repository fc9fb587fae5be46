import { open } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Config, Environment } from "../config/index.ts";
import { BowlineError, errnoOf, type GitUrl, type Place } from "../lib/index.ts";

interface OutsideRequest {
  config: Config;
  env: Environment;
  url: GitUrl;
  connection?: string;
  place?: Place;
}

/**
 * A credential that is kept in a variable or a file, as a secret of one key: an ssh key for an ssh url, else what
 * POLYAXON_GIT_CREDENTIALS would hold. Returns how to call it in messages, and the data.
 */
export async function readOutsideSecret(
  from: { env: string } | { file: string },
  request: OutsideRequest,
): Promise<[string, ReadonlyMap<string, Buffer>]> {
  const key = request.url.scheme === "ssh" ? "ssh-privatekey" : "POLYAXON_GIT_CREDENTIALS";
  if ("env" in from) {
    const value = request.env[from.env];
    if (value) return [`$${from.env}`, new Map([[key, Buffer.from(value)]])];
    const message = `the environment variable "${from.env}", named by "from:", is not set`;
    throw absent(message, `set ${from.env}, or change the entry`, request);
  }
  const path = expand(from.file, request);
  return [path, new Map([[key, await readCredentialFile(path, request)]])];
}

/** `~/` is the user's home; any other path is seen from the config's folder. */
function expand(file: string, { config, env }: OutsideRequest): string {
  if (file.startsWith("~/") && env["HOME"]) return join(env["HOME"], file.slice(2));
  return resolve(dirname(config.path ?? "."), file);
}

async function readCredentialFile(path: string, request: OutsideRequest): Promise<Buffer> {
  const file = await open(path, "r").catch((cause: unknown) => {
    const message = `the file "${path}", named by "from:", cannot be read (${errnoOf(cause) ?? "unknown"})`;
    throw absent(message, "make it readable for this user, or change the entry", request);
  });
  try {
    const { mode, uid } = await file.stat();
    // What others own (a mounted secret, mode 0444) its reader cannot close; what he owns himself, he can.
    const exposed = (mode & 0o002) !== 0 || ((mode & 0o004) !== 0 && uid === process.geteuid?.());
    if (!exposed) return await file.readFile();
    throw new BowlineError({
      code: "SECRET_INVALID",
      message: `everybody on this machine may ${(mode & 0o002) !== 0 ? "change" : "read"} the file "${path}", which holds a credential`,
      hint: `run: chmod 600 ${path}`,
      ...placed(request),
    });
  } finally {
    await file.close();
  }
}

function absent(message: string, hint: string, request: OutsideRequest): BowlineError {
  return new BowlineError({ code: "SECRET_NOT_FOUND", message, hint, ...placed(request) });
}

function placed({ connection, place }: OutsideRequest): { connection?: string; place?: Place } {
  return { ...(connection !== undefined && { connection }), ...(place && { place }) };
}
