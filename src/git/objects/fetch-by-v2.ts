import { setImmediate } from "node:timers/promises";
import { BowlineError } from "../../lib/index.ts";
import { named } from "../failures.ts";
import { masksFor } from "../masks.ts";
import type { GitEvent } from "../request.ts";
import { withRetries } from "../retry.ts";
import type { FetchAnswer } from "../server/fetch-answer.ts";
import type { FetchWish } from "../server/fetch-command.ts";
import type { PackSource } from "../server/open-session.ts";
import { FETCH_TRIES, type Fetched, type EarlyFetchOptions } from "./fetch-options.ts";
import { filterFor } from "./filter.ts";
import { planFetch, type FetchPlan } from "./fetch-plan.ts";
import { watchPack, type IncomingPack } from "./incoming-pack.ts";
import { indexPack, removeHalfPacks } from "./index-pack.ts";
import { missingInPack } from "./pack-index.ts";
import { addPackedRefs, writeRef } from "./packed-refs.ts";
import { progressOf, wordsOf } from "./progress.ts";
import { readShallow, writeShallow } from "./shallow-file.ts";

export interface FetchByV2Options extends EarlyFetchOptions {
  /** Goes on with the connection to the server, under a signal of its own for each try. */
  takeOver: (signal: AbortSignal) => PackSource;
}

/** What came. */
type Arrived = Pick<Fetched, "bytes" | "content" | "filter">;

/** That git has to fetch; nothing has changed. */
export interface LeftToGit {
  /** Keeps in mind that it could, for later fetches from this host. */
  leaveToGit: () => Promise<void>;
}

/**
 * The same as fetchObjects, by protocol v2 spoken by ourselves: one request after what had to be listed, its answer streamed into git.
 */
export async function fetchByV2(options: FetchByV2Options): Promise<Arrived | LeftToGit> {
  const { deadline, request } = options;
  return withRetries(() => fetchOnce(options), { url: options.access.url, request, deadline, tries: FETCH_TRIES });
}

/** What is asked for in one `fetch`, at this state of the repository. */
function wishFor({ request, haves = [] }: EarlyFetchOptions, plan: FetchPlan, shallow: readonly string[]): FetchWish {
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

async function fetchOnce(options: FetchByV2Options): Promise<Arrived | LeftToGit> {
  const { gitFolder, deadline, takeOver } = options;
  const over = new AbortController();
  const source = takeOver(AbortSignal.any([deadline.signal, over.signal]));
  const plan = await planFetch(options, source);
  const shallow = await readShallow(gitFolder);
  const wish = wishFor(options, plan, shallow);
  try {
    const { index, ...arrived } = await store({ options, source, wish });
    // the commit itself was seen
    const unseen = arrived.content === undefined ? plan.wants : plan.wants.slice(1);
    if (unseen.length > 0) await checkArrived(options, unseen, index);
    await checkTag(options, plan);
    await keepRefs(options, plan);
    return arrived;
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

interface Stored extends Arrived {
  /** Path of the pack's index. */
  index: string;
}

/** Sends the request, starts git while the server works, and streams the answer into it. */
async function store({ options, source, wish }: Storing): Promise<Stored> {
  const { git, gitFolder, access, request, deadline } = options;
  const masked = masksFor(access);
  const tell = (event: GitEvent | undefined): void => {
    if (event !== undefined) request.onEvent?.(event);
  };
  let answer: FetchAnswer | undefined;
  let incoming: IncomingPack | undefined;
  const received = (): number => incoming?.bytes() ?? 0;
  // once the pack comes its bytes say more than the server's words, whose last come after it
  const asked = source.fetch(wish, (text) => tell(received() === 0 ? wordsOf(masked(text)) : undefined));
  asked.catch(() => undefined);
  // the request is on its way before this thread is busy with starting a process
  await setImmediate();
  async function* pack(): AsyncGenerator<Buffer[]> {
    answer = await asked;
    if (answer === undefined) throw new NotSpoken();
    const gone = new Set(answer.unshallow);
    // git must know where history ends before it looks at the first commit
    await writeShallow(gitFolder, [...wish.shallow.filter((commit) => !gone.has(commit)), ...answer.shallow]);
    incoming = watchPack(answer.pack, options);
    yield* incoming.pieces;
  }
  const index = await indexPack({
    ...{ git: await git, gitFolder, policy: request.policy, pack: pack(), signal: deadline.signal },
    filtered: wish.filter !== undefined,
    onLine: request.serverProgress ? (line) => tell(progressOf(line, received())) : undefined,
  });
  await answer?.finish();
  return { index, bytes: received(), content: incoming?.content(), filter: wish.filter };
}

/** A server may say yes and send something else. */
async function checkArrived(
  { git, gitFolder, access }: EarlyFetchOptions,
  wants: readonly string[],
  index: string,
): Promise<void> {
  const elsewhere = await missingInPack(index, wants);
  if (elsewhere.length === 0) return;
  const input = elsewhere.join("\n");
  const { stdout } = await (await git).run([`--git-dir=${gitFolder}`, "cat-file", "--batch-check"], { input });
  const missing = /^([0-9a-f]+) missing$/m.exec(stdout.toString("latin1"))?.[1];
  if (missing === undefined) return;
  throw new BowlineError({
    code: "GIT_PROTOCOL",
    message: `the pack that "${named(access.url)}" sends does not have "${missing}", which was asked for`,
    hint: "ask whoever runs the server",
  });
}

/** What a tag points to was told by the server alone when it was resolved; the tag itself says it, and may be signed. */
async function checkTag({ git, gitFolder, access, ref }: EarlyFetchOptions, { refs }: FetchPlan): Promise<void> {
  const tag = refs.find(({ name }) => name === ref);
  if (tag?.peeled === undefined) return;
  const command = [`--git-dir=${gitFolder}`, "rev-parse", "--verify", "--quiet", `${tag.object}^{}`];
  const { stdout } = await (await git).run(command, { local: true, expected: [1, 128] });
  const points = stdout.toString().trim();
  if (points === tag.peeled) return;
  throw new BowlineError({
    code: "GIT_PROTOCOL",
    message: `the tag "${tag.name}" of "${named(access.url)}" does not point to "${tag.peeled}", as the server said, but to "${points}"`,
    hint: "ask whoever runs the server",
  });
}

async function keepRefs({ gitFolder, ref }: EarlyFetchOptions, { refs }: FetchPlan): Promise<void> {
  const own = refs.find(({ name }) => name === ref?.replace(/^refs\/heads\//, "refs/remotes/origin/"));
  if (refs.length > 1 || own === undefined) await addPackedRefs(gitFolder, refs);
  if (own !== undefined) await writeRef(gitFolder, own);
}
