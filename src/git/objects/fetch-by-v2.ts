import { setImmediate } from "node:timers/promises";
import { BowlineError } from "../../lib/index.ts";
import { named } from "../failures.ts";
import type { GitEvent } from "../request.ts";
import { withRetries } from "../retry.ts";
import type { FetchAnswer } from "../server/fetch-answer.ts";
import type { FetchWish } from "../server/fetch-command.ts";
import type { PackSource } from "../server/open-session.ts";
import { tooLarge } from "./byte-budget.ts";
import { FETCH_TRIES, type FetchOptions } from "./fetch-options.ts";
import { filterFor } from "./filter.ts";
import { planFetch, type FetchPlan } from "./fetch-plan.ts";
import { indexPack, removeHalfPacks } from "./index-pack.ts";
import { PACK_HEADER_LENGTH, readPackHeader } from "./pack-header.ts";
import { missingInPack } from "./pack-index.ts";
import { addPackedRefs, writeRef } from "./packed-refs.ts";
import { progressOf, wordsOf } from "./progress.ts";
import { readShallow, writeShallow } from "./shallow-file.ts";

export interface FetchByV2Options extends FetchOptions {
  /** Goes on with the connection to the server, under a signal of its own for each try. */
  takeOver: (signal: AbortSignal) => PackSource;
}

/** That git has to fetch; nothing has changed. */
export interface LeftToGit {
  /** Keeps in mind that it could, for later fetches from this host. */
  leaveToGit: () => Promise<void>;
}

/**
 * The same as fetchObjects, by protocol v2 spoken by ourselves: one request after what had to be listed, its answer streamed into git.
 */
export async function fetchByV2(options: FetchByV2Options): Promise<{ bytes: number } | LeftToGit> {
  const { deadline, request } = options;
  return withRetries(() => fetchOnce(options), { deadline, tries: FETCH_TRIES, onEvent: request.onEvent });
}

/** What is asked for in one `fetch`, at this state of the repository. */
function wishFor({ request, haves = [] }: FetchOptions, plan: FetchPlan, shallow: readonly string[]): FetchWish {
  const { history } = request.options;
  return {
    wants: plan.wants,
    haves,
    shallow,
    depth: typeof history === "number" ? history : undefined,
    filter: filterFor(request.options),
    progress: request.serverProgress === true,
  };
}

async function fetchOnce(options: FetchByV2Options): Promise<{ bytes: number } | LeftToGit> {
  const { gitFolder, deadline, takeOver } = options;
  const over = new AbortController();
  const source = takeOver(AbortSignal.any([deadline.signal, over.signal]));
  const plan = await planFetch(options, source);
  const shallow = await readShallow(gitFolder);
  const wish = wishFor(options, plan, shallow);
  try {
    const { bytes, index } = await store({ options, source, wish });
    await checkArrived(options, plan, index);
    await keepRefs(options, plan);
    return { bytes };
  } catch (error) {
    // ends the request, should it still be open
    over.abort();
    await removeHalfPacks(gitFolder);
    await writeShallow(gitFolder, shallow);
    if (!(error instanceof NotSpoken)) throw error;
    return { leaveToGit: () => source.leaveToGit(wish) };
  }
}

class NotSpoken extends Error {}

interface Storing {
  options: FetchByV2Options;
  source: PackSource;
  wish: FetchWish;
}

/** Sends the request, starts git while the server works, and streams the answer into it. */
async function store({ options, source, wish }: Storing): Promise<{ bytes: number; index: string }> {
  const { git, gitFolder, request, deadline } = options;
  const { onEvent, policy } = request;
  const tell = (event: GitEvent | undefined): void => {
    if (event !== undefined) onEvent?.(event);
  };
  const asked = source.fetch(wish, (text) => tell(wordsOf(text)));
  asked.catch(() => undefined);
  // the request is on its way before this thread is busy with starting a process
  await setImmediate();
  let bytes = 0;
  let answer: FetchAnswer | undefined;
  async function* pack(): AsyncGenerator<Buffer[]> {
    answer = await asked;
    if (answer === undefined) throw new NotSpoken();
    const gone = new Set(answer.unshallow);
    // git must know where history ends before it looks at the first commit
    await writeShallow(gitFolder, [...wish.shallow.filter((commit) => !gone.has(commit)), ...answer.shallow]);
    for await (const pieces of headChecked(answer.pack, options)) {
      for (const { length } of pieces) bytes += length;
      if (policy.maxBytes !== undefined && bytes > policy.maxBytes) throw tooLarge(request.url, policy.maxBytes);
      yield pieces;
    }
  }
  const onLine = (line: string): void => tell(progressOf(line, bytes));
  const filtered = wish.filter !== undefined;
  const index = await indexPack({ git, gitFolder, policy, filtered, pack: pack(), onLine, signal: deadline.signal });
  await answer?.finish();
  return { bytes, index };
}

/** More objects than the largest repositories have by far; git would set memory aside for each before it looks at the first. */
const MOST_OBJECTS = 200_000_000;

/** Holds back the first pieces until the pack's header can be read. */
async function* headChecked(pack: AsyncIterable<Buffer[]>, { access }: FetchOptions): AsyncGenerator<Buffer[]> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const pieces of pack) {
    if (head === undefined) {
      yield pieces;
      continue;
    }
    head = Buffer.concat([head, ...pieces]);
    if (head.length < PACK_HEADER_LENGTH) continue;
    const header = readPackHeader(head);
    if (header === undefined || header.objects > MOST_OBJECTS) {
      throw new BowlineError({
        code: "GIT_PROTOCOL",
        message: `what "${named(access.url)}" sends as a pack is none`,
        hint: "ask whoever runs the server",
      });
    }
    yield [head];
    head = undefined;
  }
}

/** A server may say yes and send something else. */
async function checkArrived(
  { git, gitFolder, access }: FetchOptions,
  { wants }: FetchPlan,
  index: string,
): Promise<void> {
  const elsewhere = await missingInPack(index, wants);
  if (elsewhere.length === 0) return;
  const input = elsewhere.join("\n");
  const { stdout } = await git.run([`--git-dir=${gitFolder}`, "cat-file", "--batch-check"], { input });
  const missing = /^([0-9a-f]+) missing$/m.exec(stdout.toString("latin1"))?.[1];
  if (missing === undefined) return;
  throw new BowlineError({
    code: "GIT_PROTOCOL",
    message: `the pack that "${named(access.url)}" sends does not have "${missing}", which was asked for`,
    hint: "ask whoever runs the server",
  });
}

async function keepRefs({ gitFolder, ref }: FetchOptions, { refs }: FetchPlan): Promise<void> {
  const own = refs.find(({ name }) => name === ref?.replace(/^refs\/heads\//, "refs/remotes/origin/"));
  if (refs.length > 1 || own === undefined) await addPackedRefs(gitFolder, refs);
  if (own !== undefined) await writeRef(gitFolder, own);
}
