// From runs to a verdict: medians, medians of ratios, and whether a goal was met.
import { median } from "./measure.js";

const OURS = new Set(["library", "process"]);

/** The lines of the table that one measured row gives. */
export function judge({ id, work, reference, goals, wire, contenders }) {
  const base = contenders.find(({ name }) => name === reference);
  const starts = contenders.find(({ name }) => name === "node -e 0")?.runs ?? [];
  return contenders.map(({ name, runs, error }) => {
    const line = { id, work, name, runs, ...(error !== undefined && { error }) };
    if (runs.length === 0) return line;
    Object.assign(line, {
      ms: median(runs.map(({ ms }) => ms)),
      ratio: median(runs.map(({ ms }, at) => base.runs[at] && ms / base.runs[at].ms)),
      fastest: fastestOf(runs) / fastestOf(base.runs),
      requests: median(runs.map(({ requests }) => requests)),
      fetches: median(runs.map(({ fetches }) => fetches)),
      bytes: median(runs.map(({ bytes }) => bytes)),
      ...(goals[name]?.rss && { rss: median(runs.map(({ rss }) => rss)) }),
    });
    if (wire && OURS.has(name) && base.runs.length > 0) line.wired = isOnWire(line, base.runs);
    const goal = goals[name];
    if (goal === undefined) return line;
    const met = error === undefined && isMet(goal, { line, base: base.runs, starts });
    return { ...line, goal: words(goal), met };
  });
}

/** What a busy machine disturbs least. */
function fastestOf(runs) {
  return Math.min(...runs.map(({ ms }) => ms));
}

/** How a goal reads in the table. */
function words({ factor, starts, ms, rss, fetches }) {
  const time = [factor, starts && `${starts} starts`, ms && `${ms} ms`]
    .filter((part) => part !== undefined)
    .join(" + ");
  return [time && `≤ ${time}`, fetches && `${fetches} fetch`, rss && `≤ ${rss / 2 ** 20} MiB`]
    .filter(Boolean)
    .join(", ");
}

function isMet({ factor = 0, starts: count = 0, ms: more = 0, rss, fetches }, { line, base, starts }) {
  const shares = line.runs.map(({ ms }, at) => {
    const allowed = factor * (base[at]?.ms ?? 0) + count * (starts[at]?.ms ?? 0) + more;
    return allowed === 0 ? undefined : ms / allowed;
  });
  const inTime = (median(shares) ?? 0) <= 1;
  return inTime && (rss === undefined || line.rss <= rss) && (fetches === undefined || line.fetches === fetches);
}

/** No more than the reference. A server that packs with several threads sends some hundred bytes more or less each time. */
function isOnWire({ bytes, requests }, base) {
  return bytes <= Math.max(...base.map((run) => run.bytes)) && requests <= median(base.map((run) => run.requests));
}
