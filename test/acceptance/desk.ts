import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { newDesk, type Desk } from "../cli/bowline.ts";

/** As awkward as a token may be. */
export const TOKEN = `t0k@en/with#all%of?these and "quotes"`;
export const USER = "a.user@corp";
export const PASSWORD = `p@ss:w/o#r%d? and "more"`;

/** A desk with a temporary folder of its own, so that all a command leaves lies in one place. */
export async function privateDesk(env: Record<string, string> = {}): Promise<Desk> {
  const desk = await newDesk();
  await mkdir(join(desk.folder, "tmp"));
  Object.assign(desk.env, { TMPDIR: join(desk.folder, "tmp") }, env);
  return desk;
}

export interface Entry {
  name?: string;
  url: string;
  /** Name of the stored secret. */
  secret?: string;
  /** More fields of `schema`. */
  schema?: Record<string, unknown>;
}

/** Writes a config with these connections (JSON is YAML), and says where it is. */
export function writeConfig(desk: Desk, entries: Entry[], more: Record<string, unknown> = {}): Promise<string> {
  const connections = entries.map(({ name = "repo-test", url, secret, schema }) => ({
    ...{ name, kind: "git", schema: { url, ...schema } },
    ...(secret === undefined ? {} : { secret: { name: secret } }),
  }));
  return desk.write("config.yaml", JSON.stringify({ connections, ...more }, undefined, 1));
}

/** Stores keys of a secret, through standard input. */
export async function setSecret(desk: Desk, name: string, data: Record<string, string>): Promise<void> {
  for (const [key, input] of Object.entries(data)) {
    const { exitCode, stderr } = await desk.bowline(["secrets", "set", name, key], { input });
    if (exitCode !== 0) throw new Error(`secrets set ${name} ${key}: ${stderr}`);
  }
}

/** A job with one init step for each connection and a shell script. */
export function job(script: string, more: { init?: unknown[]; connections?: string[]; kind?: string } = {}): string {
  const { init = [{ connection: "repo-test" }], connections, kind = "job" } = more;
  const run = { kind, init, ...(connections && { connections }), container: { command: ["sh", "-c", script] } };
  return JSON.stringify({ version: 1.1, kind: "component", run });
}
