import { BowlineError } from "../lib/index.ts";

/** A whole number from 0 on. */
export function parseCount(text: string, option: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(count)) throw usage(`${option} takes a whole number, not "${text}"`, `for example: ${option} 20`);
  return count;
}

/** `NAME=VALUE` words as one map. The value is everything after the first "="; a name given twice is an error. `like` is what an error shows. */
export function parsePairs(
  words: readonly string[],
  option: string,
  like: { form: string; example: string },
): Record<string, string> {
  const pairs = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf("=");
    if (at <= 0) throw usage(`${option} takes ${like.form}, not "${word}"`, `for example: ${option} ${like.example}`);
    const name = word.slice(0, at);
    if (pairs.has(name)) throw usage(`${option} ${name} is given twice`, "leave one of them out");
    pairs.set(name, word.slice(at + 1));
  }
  return Object.fromEntries(pairs);
}

export function usage(message: string, hint: string): BowlineError {
  return new BowlineError({ code: "USAGE", message, hint });
}
