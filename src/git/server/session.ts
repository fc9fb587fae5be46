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
  close: () => void;
}

/**
 * Whether a server may be asked to leave something out. A dumb one cannot; one of v0 that does not offer it may refuse the word itself, which git sends
 * all the same (dulwich does).
 */
export function mayFilter({ protocol, capabilities }: Session): boolean {
  return protocol === "v0" ? capabilities.has("filter") : protocol !== "dumb";
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
