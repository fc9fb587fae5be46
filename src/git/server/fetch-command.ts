import { writePackets } from "./pkt-line.ts";

/** What is asked of a server in one `fetch` of protocol v2. */
export interface FetchWish {
  /** Objects wanted. */
  wants: readonly string[];
  /** Commits that are here with all that belongs to them. */
  haves: readonly string[];
  /** Commits that are here without their parents. */
  shallow: readonly string[];
  /** How many commits deep; absent: all of them. */
  depth?: number | undefined;
  filter?: string | undefined;
  /** Whether the server is to tell how far it is. */
  progress: boolean;
}

/** The body of protocol v2's `fetch` (gitprotocol-v2): everything is said at once, so that the answer to it is the pack. */
export function fetchBody(wish: FetchWish, objectFormat: string | undefined): Buffer {
  const { wants, haves, shallow, depth, filter, progress } = wish;
  return writePackets([
    "command=fetch",
    ...(objectFormat === undefined ? [] : [`object-format=${objectFormat}`]),
    "delimiter",
    "ofs-delta",
    // the server may leave out what a delta in the pack is made against
    ...(haves.length > 0 ? ["thin-pack"] : []),
    ...(progress ? [] : ["no-progress"]),
    ...shallow.map((commit) => `shallow ${commit}`),
    ...(depth === undefined ? [] : [`deepen ${depth}`]),
    ...(filter === undefined ? [] : [`filter ${filter}`]),
    ...[...new Set(wants)].map((object) => `want ${object}`),
    ...haves.map((commit) => `have ${commit}`),
    "done",
    "flush",
  ]);
}
