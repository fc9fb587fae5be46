import { BowlineError } from "../../lib/index.ts";
import { openHostMemory } from "./host-memory.ts";
import type { Access } from "../access.ts";
import { startDeadline } from "../deadline.ts";
import { named } from "../failures.ts";
import { createHttpClient } from "../http/client.ts";
import { passOver } from "../http/exchange.ts";
import { holdsCredential } from "../masks.ts";
import type { GitRequest } from "../request.ts";
import { notGit, repositoryUrl, type Conversation } from "./conversation.ts";
import { isNotOurs, lsRefsBody, readRefs, serverError, wantBody } from "./ls-refs.ts";
import { openPackSource } from "./pack-source.ts";
import { packetText, type Packet } from "./pkt-line.ts";
import type { OpenSession } from "./open-session.ts";
import type { Ref, ServerFeatures } from "./session.ts";
import { advertise, inV2 } from "./speak.ts";

/**
 * A session over http(s). Nothing is sent yet. The first request is protocol v2's own, without a GET before it; where that is
 * not understood, `info/refs` tells what is, and the host is remembered.
 */
export async function openHttpSession(access: Access, request: GitRequest, signal: AbortSignal): Promise<OpenSession> {
  const { url, credential } = access;
  const client = await createHttpClient({
    url,
    credential,
    network: request.network,
    timeouts: request.policy.timeouts,
  });
  const memory = openHostMemory(request.cache, url);
  const known = await memory.recall();
  const { timeouts } = request.policy;
  const talk: Conversation = {
    ...{ access, client, memory, known, signal, timeouts },
    ...{ base: url, spokeV2: false, seen: new Map<string, Ref>() },
  };
  const refs = (prefixes: readonly string[]): Promise<Ref[]> => listRefs(talk, prefixes);
  return {
    get protocol() {
      return talk.advertisement?.protocol ?? talk.known.protocol;
    },
    get url() {
      return talk.base.href;
    },
    get capabilities() {
      return talk.advertisement?.capabilities ?? new Set<string>();
    },
    get redirectedTo() {
      return talk.redirectedTo!;
    },
    listRefs: refs,
    features: () => askInTime(talk, request.policy.timeouts.resolve),
    hasObject: (object) => hasObject(talk, object),
    takeOver: (later) => openPackSource(talk, { signal: later, stall: timeouts.stall, listRefs: refs }),
    close: () => client.close(),
  };
}

async function listRefs(talk: Conversation, prefixes: readonly string[]): Promise<Ref[]> {
  const answer = await inV2(talk, (format) => lsRefsBody(prefixes, format), readRefs);
  // a prefix is no more than a request (gitprotocol-v2, "ls-refs"): what else a server has to say of references is not heard
  const refs = (answer ?? refsAdvertised(talk)).filter(({ name }) => prefixes.some((one) => name.startsWith(one)));
  for (const ref of refs) {
    // what HEAD is called goes into records
    if (ref.target !== undefined && holdsCredential(talk.access, ref.target)) delete ref.target;
    talk.seen.set(ref.name, ref);
  }
  return refs;
}

function refsAdvertised(talk: Conversation): Ref[] {
  if (talk.advertisement !== undefined && talk.advertisement.protocol !== "v2") return talk.advertisement.refs;
  throw notGit(talk, "its list of references cannot be read");
}

async function hasObject(talk: Conversation, object: string): Promise<boolean | undefined> {
  const answer = await inV2(talk, (format) => wantBody(object, format), isGiven);
  if (answer !== undefined) return answer === "yes" ? true : answer === "no" ? false : undefined;
  return talk.advertisement?.refs.some((ref) => ref.object === object || ref.peeled === object) ? true : undefined;
}

/** A NAK and nothing else, or a pack that was begun, is a yes; "not our ref" (JGit: "not valid") is a no. Undefined for what is no answer to a fetch. */
function isGiven(packets: readonly Packet[]): "yes" | "no" | "it does not say" | undefined {
  const error = serverError(packets);
  if (error !== undefined) return isNotOurs(error) ? "no" : "it does not say";
  return SECTIONS.has(packetText(packets[0]!)) ? "yes" : undefined;
}

/** What an answer to a fetch may begin with (gitprotocol-v2, "fetch"). */
const SECTIONS = new Set(["acknowledgments", "shallow-info", "wanted-refs", "packfile-uris", "packfile"]);

/** The deadline of resolving is over with it. */
async function askInTime(talk: Conversation, milliseconds: number): Promise<ServerFeatures> {
  const { signal } = talk;
  const what = `asking "${named(talk.access.url)}" what it can do`;
  const deadline = startDeadline(milliseconds, { what, hint: "try again", signal });
  talk.signal = deadline.signal;
  try {
    return await askFeatures(talk);
  } finally {
    talk.signal = signal;
    deadline.clear();
  }
}

/** Protocol v2 says `fetch=shallow filter` where older ones have a word for each (gitprotocol-v2, gitprotocol-capabilities). */
async function askFeatures(talk: Conversation): Promise<ServerFeatures> {
  const { capabilities, protocol } = (talk.advertisement ??= await advertise(talk));
  if (protocol === "dumb") return { shallow: false, filter: false, lfs: false };
  const words = new Set([...capabilities].flatMap((capability) => capability.split(/[= ]/)));
  const lfs = await speaksLfs(talk).catch(nothingKnown);
  return { shallow: words.has("shallow"), filter: words.has("filter"), ...(lfs !== undefined && { lfs }) };
}

/** Whether a request for no object is understood (git-lfs, docs/api/batch.md); servers may refuse it as empty, but in LFS's own words. */
async function speaksLfs(talk: Conversation): Promise<boolean> {
  const type = "application/vnd.git-lfs+json";
  const suffix = repositoryUrl(talk.base).endsWith(".git") ? "" : ".git";
  const answer = await talk.client.open({
    method: "POST",
    url: `${repositoryUrl(talk.base)}${suffix}/info/lfs/objects/batch`,
    headers: { accept: type, "content-type": type },
    body: Buffer.from(JSON.stringify({ operation: "download", transfers: ["basic"], objects: [] })),
    signal: talk.signal,
  });
  await passOver(answer);
  return answer.status === 200 || (answer.headers["content-type"] ?? "").startsWith(type);
}

/** What a server does with a request that it does not know is its own affair. */
function nothingKnown(error: unknown): undefined {
  if (!(error instanceof BowlineError)) throw error;
}
