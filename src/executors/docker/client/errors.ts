import { BowlineError, type ProblemInput } from "../../../lib/index.ts";
import type { Endpoint } from "./endpoint.ts";

/** The engine answered, and refused. */
export class DockerError extends Error {
  override readonly name = "DockerError";
  readonly status: number;
  /** The engine's words. */
  readonly said: string;

  constructor(status: number, said: string) {
    super(`Docker: ${said} (${status})`);
    this.status = status;
    this.said = said;
  }
}

export function isStatus(error: unknown, status: number): error is DockerError {
  return error instanceof DockerError && error.status === status;
}

/** What is not there any more, or over already, needs no end. */
export async function gone(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof DockerError) || ![304, 404, 409].includes(error.status)) throw error;
  });
}

/** Whether a request failed because nobody answers any more. */
export function isGone(error: unknown): boolean {
  if (error instanceof BowlineError) return error.code === "EXECUTOR_ABSENT";
  if (error instanceof DockerError || !(error instanceof Error) || error.name === "AbortError") return false;
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && code !== "ABORT_ERR") || /aborted|socket hang up|\bssh\b/i.test(error.message);
}

/** Code and hint of a refusal. A disk that is full may be the reason of any. */
export function refusal(said: string, otherwise: Pick<ProblemInput, "code" | "hint">): typeof otherwise {
  return /no space left on device|disk quota exceeded/i.test(said)
    ? { code: "DISK_FULL", hint: "free some space where the engine has its data: docker system df" }
    : otherwise;
}

/** What the engine refuses that no caller expects, as an error of ours. */
export function engineRefused({ said }: DockerError, { shown }: Endpoint): BowlineError {
  const message = `the Docker Engine at ${shown} says: ${said}`;
  return new BowlineError({ message, ...refusal(said, { code: "RUN_FAILED", hint: "see the engine's own log" }) });
}

/** Why the engine is not there, and what to do. */
export function engineGone({ kind, shown }: Endpoint, cause: unknown): BowlineError {
  if (cause instanceof BowlineError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const [what, hint] = wordsFor(kind, code);
  return new BowlineError(
    { code: "EXECUTOR_ABSENT", message: `the Docker Engine at ${shown} cannot be reached: ${what ?? message}`, hint },
    { cause },
  );
}

function wordsFor(kind: Endpoint["kind"], code = ""): [what: string | undefined, hint: string] {
  const other =
    "name another engine by executor.host, DOCKER_HOST or docker context use, or run with: --executor process";
  if (code === "ENOENT") return ["there is no such socket", `start Docker, ${other}`];
  if (code === "EACCES" || code === "EPERM")
    return [
      "this user may not use the socket",
      `let the user into the group of the socket (usually docker), or ${other}`,
    ];
  if (code === "ECONNREFUSED") return ["the connection is refused", `start Docker, ${other}`];
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return ["the name of the host is not known", `check the name, or ${other}`];
  if (code === "ETIMEDOUT") return ["it does not answer in time", `check the host and its firewall, or ${other}`];
  if (/CERT|SSL|TLS|ALTNAME|SELF_SIGNED/.test(code))
    return [undefined, "check ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH, or of the docker context"];
  if (kind === "ssh") return [undefined, `try it with: ssh HOST docker version, or ${other}`];
  return [undefined, `start Docker, or ${other}`];
}
