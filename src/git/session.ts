/** What is known of a server after the first words with it; the seam that a fetch of our own takes over. */
export interface Session {
  /** How the server was spoken to. */
  protocol: "v2" | "v0" | "dumb" | "ssh" | "file";
  /** The url that answered, after a redirect that was followed. */
  url: string;
  /** What the server said it can do, where it said so. */
  capabilities: ReadonlySet<string>;
  close: () => void;
}
