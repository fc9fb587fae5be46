/** Longest text that is compared: names are short, and the cost grows with the square of the length. */
const LONGEST = 64;

/**
 * The names that somebody may have meant, nearest first, at most three. A name is near when at most a third of its
 * letters differ (insert, delete, replace, swap of neighbours), or when only letter case or separators do.
 */
export function nearNames(name: string, candidates: Iterable<string>): string[] {
  if (name === "" || name.length > LONGEST) return [];
  const near: { candidate: string; distance: number }[] = [];
  const plain = withoutDressing(name);
  for (const candidate of candidates) {
    if (candidate.length > LONGEST || candidate === name) continue;
    if (withoutDressing(candidate) === plain) {
      near.push({ candidate, distance: 0 });
      continue;
    }
    const most = Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3));
    if (Math.abs(candidate.length - name.length) > most) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), most);
    if (distance <= most && distance < candidate.length) near.push({ candidate, distance });
  }
  near.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return near.slice(0, 3).map((one) => one.candidate);
}

/** `did you mean "a" or "b"?`, or undefined when nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const near = nearNames(name, candidates).map((one) => `"${one}"`);
  if (near.length === 0) return undefined;
  return `did you mean ${near.length === 1 ? near[0] : `${near.slice(0, -1).join(", ")} or ${near.at(-1)}`}?`;
}

function withoutDressing(name: string): string {
  return name.toLowerCase().replaceAll(/[-_. ]/g, "");
}

/** Damerau-Levenshtein distance (optimal string alignment); `most + 1` as soon as it is known to be larger. */
function editDistance(a: string, b: string, most: number): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    let smallest = row;
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      let distance = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + cost);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) distance = Math.min(distance, beforePrevious[column - 2]! + 1);
      current.push(distance);
      smallest = Math.min(smallest, distance);
    }
    if (smallest > most) return most + 1;
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}
