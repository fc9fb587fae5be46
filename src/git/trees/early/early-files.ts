import type { Making } from "../../making.ts";
import type { PackWatch } from "../../objects/fetch-options.ts";
import { openPackReader, type PackReader } from "../../objects/pack-reader.ts";
import { openGuess, type Guess } from "./guess.ts";

/** Files of a commit that are written while its pack arrives. */
export interface EarlyFiles {
  /** A pack begins. */
  begin: PackWatch;
  /** Nothing is written any more. */
  stop: () => void;
  /** After the fetch: writes what is left where that is little, and tells git's index which files are there. A checkout writes the others. */
  finish: () => Finished;
}

export interface Finished {
  /** Whether all of them are there. */
  written: boolean;
  /** Whether all are known, so that nothing unfolds to more. */
  counted: boolean;
  /** How many objects came that were not looked at, trees among them, where that is known. */
  left?: number | undefined;
}

/** Plain work at a time, in milliseconds: everything else in this process has its turn in between. */
const TURN = 1;
/** A pack that is there within this time, in milliseconds, is sooner checked out by git alone: the shorter one where the line is slow. */
const SOON = 20;
const LATER = 35;
/** Of more objects than these, git's two writers are quicker, unless it is the line that takes the time. */
const MANY = 20_000;
/** So many bytes are written sooner than a git is started for what is in them. */
const LITTLE = 256 * 1024;
/** So many bytes behind what came, the rest is left to git: processors are what there is too little of. */
const BEHIND = 4 * 1024 * 1024;

/**
 * For what is one commit alone with all its files, into the workplace; `base` tells, once it is known, whether something is in there that git is to work on.
 * Undefined where limits are to be held before a file is written.
 */
export function earlyFilesFor({ request, workplace }: Making, base: Promise<unknown>): EarlyFiles | undefined {
  const { options, policy, resolution } = request;
  const limited = policy.maxFiles !== undefined || policy.maxBytes !== undefined;
  if (options.history !== 1 || options.sparse.length > 0 || limited) return undefined;
  const ready = base.then(
    (begun) => begun === undefined,
    () => false,
  );
  return openEarlyFiles({ tree: workplace.tree, commit: resolution.commit, ready });
}

interface EarlyFilesOptions {
  /** The working tree, with nothing in it but its `.git`. */
  tree: string;
  commit: string;
  /** Resolves when files may be written; to false where they may not. Does not reject. */
  ready: Promise<boolean>;
}

/**
 * Writes files while the line, and git's own look at the pack, leave time for it; then git has to write only what is missing. Nobody sees the files before git
 * has checked the pack, and where it refuses that, they go as well.
 */
function openEarlyFiles({ tree, commit, ready }: EarlyFilesOptions): EarlyFiles {
  let state: "waiting" | "idle" | "scheduled" | "stopped" = "waiting";
  let may = false;
  let guess: Guess | undefined;
  let pack: PackReader | undefined;
  let packs = 0;
  let objects: number | undefined;
  let taken = 0;
  /** When the pack began to come, and how long its parts were waited for. */
  let began = 0;
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;

  const known = ready.then((answer) => {
    may = answer;
    if (!may) stop();
  });

  function stop(): void {
    state = "stopped";
    clearTimeout(timer);
    pack?.close();
  }

  async function start(): Promise<void> {
    await known;
    if (state !== "waiting") return;
    if (!isLineSlow() && performance.now() - began < LATER) return wait();
    state = "idle";
    schedule();
  }

  function wait(): void {
    timer = setTimeout(() => void start(), SOON);
  }

  function schedule(): void {
    if (state !== "idle") return;
    state = "scheduled";
    setImmediate(work);
  }

  function work(): void {
    if (state !== "scheduled" || pack === undefined) return;
    state = "idle";
    if ((objects ?? 0) > MANY && !isLineSlow()) return;
    for (const until = performance.now() + TURN; performance.now() < until;) {
      if (!read()) return;
    }
    schedule();
  }

  /** Takes the next object, if it is there. */
  function read(): boolean {
    const object = state === "stopped" ? "more" : (pack?.next() ?? "more");
    if (object === "more") return false;
    taken += 1;
    if (object !== "over" && guess?.take(object) === true) return true;
    stop();
    return false;
  }

  function isLineSlow(): boolean {
    return 2 * waiting > performance.now() - began;
  }

  function see(bytes: readonly Buffer[], waited: number): void {
    if (state === "stopped") return;
    if (pack === undefined) {
      began = performance.now();
      const own = openGuess(tree, commit);
      guess = own;
      pack = openPackReader({ oidBytes: commit.length / 2, blobAt: own.blobAt });
      wait();
    } else waiting += waited;
    pack.add(bytes);
    objects ??= pack.objects();
    if (pack.waiting() > BEHIND) stop();
    schedule();
  }

  return {
    begin() {
      packs += 1;
      // a second try: what the first one wrote is written anew
      if (packs > 1) stop();
      return { see };
    },
    stop,
    finish() {
      pack?.end();
      for (let left = may && (pack?.waiting() ?? 0) < LITTLE; left;) left = read();
      stop();
      if (packs !== 1 || guess === undefined) return { written: false, counted: false };
      return { ...guess.finish(), left: (objects ?? 0) - taken };
    },
  };
}
