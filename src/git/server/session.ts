import type { FetchAnswer, Ear } from "./fetch-answer.ts";
import type { FetchWish } from "./fetch-command.ts";

/** What is known of a server after the first words with it, and the connection to it. */
export interface Session {
  /** How the server was spoken to. */
  protocol: "v2" | "v0" | "dumb" | "ssh" | "file";
  /** The url that answered, after a redirect that was followed. */
  url: string;
  /** What the server said it can do, where it said so. */
  capabilities: ReadonlySet<string>;
  /** Asks the server what it can do besides; absent where it cannot be asked without a fetch. */
  features?: () => Promise<ServerFeatures>;
  /** Goes on with the connection to get packs by it, from now on under this signal; absent where git alone can. */
  takeOver?: (signal: AbortSignal) => PackSource;
  close: () => void;
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

/** What a server can do besides giving everything. Absent: it did not say. */
export interface ServerFeatures {
  /** A fetch of some commits only (`--depth`). */
  shallow?: boolean;
  /** A fetch without file contents (`--filter`). */
  filter?: boolean;
  /** Git LFS, with the same credential. */
  lfs?: boolean;
}

/** One reference of a server. */
export interface Ref {
  name: string;
  /** The object it points to. */
  object: string;
  /** For an annotated tag, the object behind it. */
  peeled?: string;
  /** For a symbolic reference such as HEAD, the full name it points to. */
  target?: string;
}

/** A session while a revision is resolved. */
export interface OpenSession extends Session {
  /** Whether the url redirected, and where to. */
  redirectedTo?: string;
  /** The references whose full names begin with one of the prefixes; a server may be asked once for all. */
  listRefs: (prefixes: readonly string[]) => Promise<Ref[]>;
  /** Whether the server would give this object; undefined when it cannot be asked without a fetch. */
  hasObject: (object: string) => Promise<boolean | undefined>;
}
