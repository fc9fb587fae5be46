import { createHash } from "node:crypto";

/** A short name for anything that JSON can hold. */
export function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
}
