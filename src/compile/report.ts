import type { Place, Problem, ProblemInput } from "../lib/index.ts";

/** Everything found while compiling; what goes on is told in the order of the files, not of the work. */
export interface Report {
  errors: ProblemInput[];
  warnings: Problem[];
}

/** Errors and warnings by file (in the order given), line and column; those without a place come first. */
export function inOrder<T extends Problem>(problems: readonly T[], files: readonly string[]): T[] {
  const rank = (place: Place | undefined): number[] =>
    place
      ? [1 + ((files.indexOf(place.file) + files.length + 1) % (files.length + 1)), place.line, place.column]
      : [0, 0, 0];
  const seen = new Set<string>();
  return problems
    .filter(({ code, message, place }) => {
      const key = JSON.stringify([code, message, place]);
      return !seen.has(key) && seen.add(key);
    })
    .toSorted((a, b) => {
      const [one, other] = [rank(a.place), rank(b.place)];
      return one[0]! - other[0]! || one[1]! - other[1]! || one[2]! - other[2]!;
    });
}
