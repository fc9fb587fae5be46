/** One entry of a tree object. */
export interface TreeEntry {
  /** As it is written: octal digits. */
  mode: string;
  name: string;
  object: string;
}

/** A tree object's entries: `mode SP name NUL object`, one after the other. `broken`: what follows them is none. */
export function entriesOf(content: Buffer, oidBytes: number): { entries: TreeEntry[]; broken: boolean } {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < content.length;) {
    const blank = content.indexOf(0x20, at);
    const nul = content.indexOf(0, at);
    const end = nul + 1 + oidBytes;
    if (blank === -1 || nul < blank || end > content.length) return { entries, broken: true };
    entries.push({
      mode: content.toString("latin1", at, blank),
      name: content.toString("latin1", blank + 1, nul),
      object: content.toString("hex", nul + 1, end),
    });
    at = end;
  }
  return { entries, broken: false };
}

/** The tree that a commit is of, from the commit's content. */
export function treeOfCommit(content: Buffer): string | undefined {
  return /^tree ([0-9a-f]+)\n/.exec(content.toString("latin1", 0, 80))?.[1];
}
