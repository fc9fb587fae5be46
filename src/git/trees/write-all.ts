import { writeSync } from "node:fs";

/** Writes the content into an open file. A disk that becomes full takes a part before it refuses. */
export function writeAll(file: number, content: Buffer): void {
  for (let done = 0; done < content.length;) done += writeSync(file, content, done);
}
