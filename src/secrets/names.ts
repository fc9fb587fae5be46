import { BowlineError } from "../lib/index.ts";

/** Kubernetes' limit for all of a Secret: https://kubernetes.io/docs/concepts/configuration/secret/ */
const MOST_BYTES = 1024 * 1024;
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const KEY = /^[A-Za-z0-9._-]{1,253}$/;

/** USAGE for what cannot be the name of a secret, or a key in it. */
export function checkName(name: string, key: string): void {
  const wrong = nameFault(name) ?? keyFault(key);
  if (wrong) throw new BowlineError({ code: "USAGE", ...wrong });
}

/** What is wrong with the name of a secret or config map, if anything. */
export function nameFault(name: string): { message: string; hint: string } | undefined {
  if (NAME.test(name)) return undefined;
  return {
    message: `"${shown(name)}" cannot be the name of a secret`,
    hint: 'use letters, digits, ".", "_" and "-", at most 253, with a letter or digit at both ends',
  };
}

/** What is wrong with a key, if anything; the rule is Kubernetes' own. */
export function keyFault(key: string): { message: string; hint: string } | undefined {
  if (KEY.test(key) && ![".", "..", "__proto__"].includes(key)) return undefined;
  return {
    message: `"${shown(key)}" cannot be a key of a secret`,
    hint: 'use letters, digits, ".", "_" and "-", at most 253',
  };
}

/** SECRET_INVALID for a value that is empty or larger than Kubernetes would keep. */
export function checkValue(name: string, key: string, value: Uint8Array): void {
  if (value.length > 0 && value.length <= MOST_BYTES) return;
  throw new BowlineError({
    code: "SECRET_INVALID",
    message: `the value for key "${key}" of secret "${name}" is ${value.length === 0 ? "empty" : "larger than 1 MiB"}`,
    hint: value.length === 0 ? "give the value on standard input" : "a secret is not a place for large files",
  });
}

// It may be a value that was typed in the place of a name: enough of it to find it again, not all.
function shown(text: string): string {
  return text.length > 12 ? `${text.slice(0, 6)}…` : text;
}
