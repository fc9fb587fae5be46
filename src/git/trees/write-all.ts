import { writeSync } from "node:fs";

/** Writes the content, or these bytes of it, into an open file. A disk that becomes full takes a part before it refuses. */
export function writeAll(file: number, content: Buffer, start = 0, end = content.length): void {
  for (let done = start; done < end;) done += writeSync(file, content, done, end - done);
}
