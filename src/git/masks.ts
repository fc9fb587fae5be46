import { BowlineError, createRedactor, type RedactingStream } from "../lib/index.ts";
import type { Access } from "./access.ts";

type Sent = Pick<Access, "credential">;

/**
 * Masks what a place says, piece by piece: it knows the credential that it is sent, and may repeat it in any of its words, also in two pieces of them. What
 * ends as a credential begins is left out.
 */
export function masksFor({ credential }: Sent): (text: string) => string {
  if (credential === undefined) return (text) => text;
  let stream: RedactingStream | undefined;
  return (text) => {
    stream ??= createRedactor(credential.secretValues).stream();
    return Buffer.concat([stream.push(Buffer.from(text)), stream.pause()]).toString();
  };
}

/** An error on its way out, without the credential of the place that it may quote. */
export function maskedError(error: unknown, access: Sent | undefined): unknown {
  if (!(error instanceof BowlineError) || access?.credential === undefined) return error;
  const masks = createRedactor(access.credential.secretValues);
  const problems = error.problems.map((problem) => {
    const { message, hint } = problem;
    return { ...problem, message: masks.text(message), hint: masks.text(hint) };
  });
  const differs = ({ message, hint }: (typeof problems)[number], at: number): boolean =>
    message !== error.problems[at]?.message || hint !== error.problems[at].hint;
  // what caused it may say it, too
  return problems.some(differs) ? new BowlineError(problems) : error;
}

/** Whether a text holds the credential in a form that is known. */
export function holdsCredential({ credential }: Sent, text: string): boolean {
  return credential !== undefined && createRedactor(credential.secretValues).text(text) !== text;
}
