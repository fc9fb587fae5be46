import { expect } from "vitest";
import { createServer, type AddressInfo } from "node:net";
import { newDesk, type Answer } from "../cli/bowline.ts";
import { checkFailure } from "../support/contract.ts";

/** What makes a connection. */
export interface Given {
  url: string;
  /** More of its `schema`. */
  schema?: Record<string, string>;
  /** The keys of its secret; none: no secret in the connection. */
  secret?: Record<string, string>;
  /** More of the config. */
  config?: string;
  env?: Record<string, string>;
}

/** One connection that does not work, and what must be said of it: message and hint name what the reader needs to go on. */
export type Misconfigured = [
  wrong: string,
  code: keyof typeof EXITS,
  given: () => Given,
  message: RegExp,
  hint: RegExp,
];

/** The design's exit codes: 2 a wrong catalog or secret, 3 not found, 4 refused, 5 not reached. */
const EXITS = {
  PLAIN_HTTP_REFUSED: 2,
  SECRET_INVALID: 2,
  SECRET_NOT_FOUND: 3,
  GIT_REPOSITORY_NOT_FOUND: 3,
  GIT_REVISION_NOT_FOUND: 3,
  GIT_ACCESS_DENIED: 4,
  GIT_CREDENTIAL_MISSING: 4,
  GIT_CREDENTIAL_REFUSED: 4,
  SSH_HOST_KEY_CHANGED: 4,
  SSH_HOST_KEY_UNKNOWN: 4,
  SSH_KEY_INVALID: 4,
  HOST_NOT_FOUND: 5,
  HOST_REFUSED: 5,
  PROXY_FAILED: 5,
  TLS_FAILED: 5,
};

export const NAMED = ["--config", "bowline.yaml"];

/** What `connections check` answers to a user with this catalog and secret. */
export async function checkOf(given: Given): Promise<Answer> {
  const desk = await newDesk();
  await desk.write("bowline.yaml", catalog(given));
  const stringData = { ...given.secret };
  const token = stringData["POLYAXON_GIT_CREDENTIALS"];
  if (token !== undefined) stringData["POLYAXON_GIT_CREDENTIALS"] = `:${token}`;
  const manifest = { apiVersion: "v1", kind: "Secret", metadata: { name: "git-secret" }, stringData };
  if (given.secret) await desk.bowline(["secrets", "apply", "-f", "-"], { input: JSON.stringify(manifest) });
  const env = given.env === undefined ? {} : { env: given.env };
  const answer = await desk.bowline(["connections", "check", "c", "-o", "json", ...NAMED], env);
  const shown = `${answer.stdout}${answer.stderr}`;
  const hidden = Object.entries(given.secret ?? {}).filter(([key]) => key !== "ca.crt" && key !== "known_hosts");
  for (const [, value] of hidden) expect(shown).not.toContain(value);
  return answer;
}

export function catalog({ url, schema, secret, config }: Given): string {
  const named = secret === undefined ? {} : { secret: { name: "git-secret" } };
  const connection = { name: "c", kind: "git", schema: { url, ...schema }, ...named };
  return `connections: [${JSON.stringify(connection)}]\n${config ?? ""}\n`;
}

/** One error and no other: its code and exit code, the connection, and a message and hint that help. */
export function judge(
  expected: { code: keyof typeof EXITS; message: RegExp; hint: RegExp },
  { stdout, stderr, exitCode }: Answer,
): void {
  const { errors } = checkFailure(JSON.parse(stdout));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({ code: expected.code, connection: "c" });
  expect(exitCode).toBe(EXITS[expected.code]);
  expect(errors[0]!.message).toMatch(expected.message);
  expect(errors[0]!.hint).toMatch(expected.hint);
  expect(stderr).not.toMatch(/^ +at /m);
}

/** A port at which nobody listens. */
export async function portOfNobody(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
