import type { Problem } from "../../lib/index.ts";

/** Something that was kept is not as it was; `remedy` says what is done about it. */
export function cacheDamaged(what: string, { message }: Error, remedy: string): Problem {
  return {
    code: "CACHE_DAMAGED",
    message: `${what} damaged (${message}): ${remedy}`,
    hint: "check the disk if this happens again; bowline cache verify looks at everything that is kept",
  };
}

/** The cache did not take something; the target has it. */
export function cacheNotKept(what: string, { message }: Error): Problem {
  return {
    code: "CACHE_NOT_KEPT",
    message: `${what} not kept for the next run: ${message}`,
    hint: "make room for the cache (bowline cache prune), or make it writable",
  };
}

/** The cache is done without. */
export function cacheNotUsed({ message }: Error): Problem {
  return {
    code: "CACHE_NOT_USED",
    message: `the cache cannot be used: ${message}`,
    hint: "make its folder writable for this user, or free some space; without it, everything is fetched anew",
  };
}
