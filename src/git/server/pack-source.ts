import { BowlineError } from "../../lib/index.ts";
import { named } from "../failures.ts";
import { timeoutError, type HttpStream } from "../http/exchange.ts";
import { command, heard, notGit, open, refusedByServer, throwForStatus, type Conversation } from "./conversation.ts";
import { readFetchAnswer, type Ear, type FetchAnswer } from "./fetch-answer.ts";
import { fetchBody, type FetchWish } from "./fetch-command.ts";
import { notFound } from "./find-commit.ts";
import { isNotOurs } from "./ls-refs.ts";
import type { PackSource } from "./open-session.ts";
import type { Ref } from "./session.ts";
import { advertise, heardV2, remember } from "./speak.ts";

interface PackSourceOptions {
  signal: AbortSignal;
  /** Milliseconds. */
  stall: number;
  listRefs: (prefixes: readonly string[]) => Promise<Ref[]>;
}

/** Packs by protocol v2 in a conversation that may have begun with something else. */
export function openPackSource(talk: Conversation, { signal, stall, listRefs }: PackSourceOptions): PackSource {
  talk.signal = signal;
  return {
    findRef: async (name) => talk.seen.get(name) ?? (await listRefs([name])).find((ref) => ref.name === name),
    listRefs,
    fetch: (wish, onWords) => fetchPack(talk, wish, earFor(talk, { stall, onWords })),
    async leaveToGit(wish) {
      const { protocol, lacks } = talk.known;
      if (protocol === "v2") await remember(talk, { protocol, lacks: [...new Set([...lacks, needOf(wish)])] });
    },
  };
}

/** What of the protocol a wish needs that not every host has. */
function needOf({ filter, depth }: FetchWish): string {
  if (filter !== undefined) return "filter";
  return depth === undefined ? "fetch" : "depth";
}

async function fetchPack(talk: Conversation, wish: FetchWish, ear: Ear): Promise<FetchAnswer | undefined> {
  const mayTry = (): boolean => (talk.advertisement ?? talk.known).protocol === "v2";
  if (!mayTry() || talk.known.lacks.includes(needOf(wish))) return undefined;
  const answer = await ask(talk, wish, ear);
  if (answer !== undefined || talk.spokeV2 || talk.advertisement !== undefined) return answer;
  // finds out what is spoken, and where: a redirect may be followed for it
  talk.advertisement = await advertise(talk);
  return mayTry() ? ask(talk, wish, ear) : undefined;
}

async function ask(talk: Conversation, wish: FetchWish, ear: Ear): Promise<FetchAnswer | undefined> {
  // the length of its name says what an object's format is
  const format = wish.wants[0]?.length === 64 ? "sha256" : undefined;
  const stream = await heard(talk, open(talk, command(fetchBody(wish, format))), ear.stall * 0.7);
  if (stream === undefined) return undefined;
  throwForStatus(talk, stream);
  const answer = await readFetchAnswer(stream, ear);
  if ("pack" in answer) {
    await heardV2(talk);
    return answer;
  }
  const { refused } = answer;
  if (refused === undefined && talk.spokeV2 && isPage(stream)) throw pageInstead(talk);
  // words of its own may mean that it does not know ours
  if (refused === undefined || !isNotOurs(refused)) return undefined;
  await heardV2(talk);
  const missing = wish.wants.find((object) => refused.includes(object));
  throw notFound({ url: talk.access.url }, missing ?? wish.wants[0]!);
}

function isPage({ headers }: HttpStream): boolean {
  return /^text\/html\b/i.test(headers["content-type"] ?? "");
}

/** The error for a server that spoke git a moment ago. */
function pageInstead({ access }: Conversation): BowlineError {
  return new BowlineError({
    code: "GIT_PROTOCOL",
    message: `"${named(access.url)}" answers with a web page where its pack was asked for`,
    hint: "a proxy or firewall in between may have put it there: ask whoever runs the network or the server",
  });
}

function earFor(talk: Conversation, more: Pick<Ear, "stall" | "onWords">): Ear {
  const { asked } = talk.client;
  return {
    ...more,
    cutShort: () =>
      new BowlineError({
        code: "HOST_REFUSED",
        message: `"${asked.url.host}" ended the connection in the middle of the pack`,
        hint: "try again; check the network of this machine, and whether a proxy is needed",
      }),
    broken: (words) =>
      words === undefined ? notGit(talk, "what it sends as a pack is none") : refusedByServer(talk, words),
    tooSlow: () => timeoutError(asked, more.stall, "next to nothing"),
  };
}
