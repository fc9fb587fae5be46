import { readFile } from "node:fs/promises";

/** The paths of all mounts that this process sees, in the order in which they were made (proc(5), mountinfo); none on a system without that file. */
export async function mountPoints(): Promise<string[]> {
  const text = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => unescaped(line.split(" ")[4] ?? ""));
}

/** Blank, tab, newline and backslash are written as three octal digits each. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)));
}
