import { createHash } from "node:crypto";

/** Characters of a name that an executor may still put something in front of (a container's name has 63). */
const LONGEST = 50;

/** Gives each step and container of a plan a name of its own. */
export interface Namer {
  /** A name made from a text: lower-case letters, digits and hyphens; numbered when it is taken. */
  derive: (text: string) => string;
  /** A name the user chose; false when it is taken. */
  take: (name: string) => boolean;
}

/** The same texts in the same order give the same names; none of them is one of those that the user chose. */
export function createNamer(chosen: readonly string[]): Namer {
  const taken = new Set(["main"]);
  const avoided = new Set(chosen);
  return {
    derive: (text) => {
      const base = labelOf(text);
      let name = base;
      for (let number = 2; taken.has(name) || avoided.has(name); number++) name = `${base}-${number}`;
      taken.add(name);
      return name;
    },
    take: (name) => !taken.has(name) && Boolean(taken.add(name)),
  };
}

/** Kubernetes' rule for container names (RFC 1123 label). */
export function isLabel(name: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

function labelOf(text: string): string {
  const label =
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-+|-+$/g, "") || "step";
  if (label.length <= LONGEST) return label;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${label.slice(0, LONGEST - 9).replace(/-+$/, "")}-${hash}`;
}
