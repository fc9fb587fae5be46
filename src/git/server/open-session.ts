import type { FetchAnswer, Ear } from "./fetch-answer.ts";
import type { FetchWish } from "./fetch-command.ts";
import type { Ref, Session } from "./session.ts";

/** A session as it is used to resolve a revision and to fetch: more than the library shows of it. */
export interface OpenSession extends Session {
  /** Whether the url redirected, and where to. */
  redirectedTo?: string;
  /** The references whose full names begin with one of the prefixes; a server may be asked once for all. */
  listRefs: (prefixes: readonly string[]) => Promise<Ref[]>;
  /** Whether the server would give this object; undefined when it cannot be asked without a fetch. */
  hasObject: (object: string) => Promise<boolean | undefined>;
  /** Goes on with the connection to get packs by it, from now on under this signal; absent where git alone can. */
  takeOver?: (signal: AbortSignal) => PackSource;
}

/** A server that gives packs by protocol v2, over a session's own connection. */
export interface PackSource {
  /** A reference, as it was listed before or is now. */
  findRef: (name: string) => Promise<Ref | undefined>;
  /** The references whose full names begin with one of the prefixes. */
  listRefs: (prefixes: readonly string[]) => Promise<Ref[]>;
  /** Asks for a pack; undefined where git has to be asked to: the server does not speak v2, or not all that this wish needs. */
  fetch: (wish: FetchWish, onWords: Ear["onWords"]) => Promise<FetchAnswer | undefined>;
  /** Keeps in mind that git has fetched what `fetch` could not, so that the host is asked for such a wish by git at once. */
  leaveToGit: (wish: FetchWish) => Promise<void>;
}
