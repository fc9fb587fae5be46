import { BowlineError, type GitUrl } from "../../lib/index.ts";
import type { Access } from "../access.ts";
import { named } from "../failures.ts";
import { openHostMemory, type HostMemory } from "./host-memory.ts";
import { createHttpClient, type HttpClient, type HttpResponse } from "../http/client.ts";
import { statusError } from "../http/failures.ts";
import { followRedirect, redirectRefused } from "../http/redirect.ts";
import { lsRefsBody, readAdvertisement, readRefs, serverError, wantBody, type Advertisement } from "./ls-refs.ts";
import { readPackets, type Packet } from "./pkt-line.ts";
import type { GitRequest } from "../request.ts";
import type { OpenSession, Ref, ServerFeatures } from "./session.ts";

const SERVICE = "git-upload-pack";
const ADVERTISEMENT = `/info/refs?service=${SERVICE}`;

/** Answers to a first v2 request that mean "perhaps not spoken here", not "no such repository". */
const PERHAPS_NOT_SPOKEN = new Set([400, 404, 405, 406, 411, 415, 422, 501]);

interface State {
  access: Access;
  client: HttpClient;
  memory: HostMemory;
  signal: AbortSignal;
  base: GitUrl;
  redirectedTo?: string;
  advertisement?: Advertisement;
  spokeV2: boolean;
}

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
  const state: State = { access, client, memory, signal, base: url, spokeV2: false };
  const recalled = await memory.recall();
  return {
    get protocol() {
      return state.advertisement?.protocol ?? "v2";
    },
    get url() {
      return state.base.href;
    },
    get capabilities() {
      return state.advertisement?.capabilities ?? new Set<string>();
    },
    get redirectedTo() {
      return state.redirectedTo!;
    },
    listRefs: (prefixes) => listRefs(state, { prefixes, first: recalled ?? "v2" }),
    features: () => askFeatures(state),
    hasObject: (object) => hasObject(state, { object, first: recalled ?? "v2" }),
    close: () => client.close(),
  };
}

async function listRefs(state: State, options: { prefixes: readonly string[]; first: string }): Promise<Ref[]> {
  const { prefixes, first } = options;
  if (!state.advertisement && (state.spokeV2 || first === "v2")) {
    const packets = await speakV2(state, lsRefsBody(prefixes));
    const refs = packets && readRefs(packets);
    if (refs) return refs;
  }
  const advertisement = (state.advertisement ??= await advertise(state));
  if (advertisement.protocol !== "v2")
    return advertisement.refs.filter(({ name }) => prefixes.some((one) => name.startsWith(one)));
  const packets = await speakV2(state, lsRefsBody(prefixes, advertisement.objectFormat));
  const refs = packets && readRefs(packets);
  if (refs) return refs;
  throw notGit(state, "its list of references cannot be read");
}

async function hasObject(state: State, options: { object: string; first: string }): Promise<boolean | undefined> {
  const { object, first } = options;
  if (!state.advertisement && (state.spokeV2 || first === "v2")) {
    const packets = await speakV2(state, wantBody(object));
    if (packets) return isGiven(packets);
  }
  const advertisement = (state.advertisement ??= await advertise(state));
  if (advertisement.protocol === "v2") {
    const packets = await speakV2(state, wantBody(object, advertisement.objectFormat));
    return packets && isGiven(packets);
  }
  return advertisement.refs.some((ref) => ref.object === object || ref.peeled === object) ? true : undefined;
}

/** A NAK and nothing else, or a pack that was begun, is a yes; "not our ref" (JGit: "not valid") is a no. */
function isGiven(packets: readonly Packet[]): boolean | undefined {
  const error = serverError(packets);
  if (error === undefined) return packets.length > 0 ? true : undefined;
  return /not our ref|not valid|unadvertised/i.test(error) ? false : undefined;
}

/** Sends one v2 command; undefined when the server perhaps does not speak v2. */
async function speakV2(state: State, body: Buffer): Promise<Packet[] | undefined> {
  const response = await send(state, {
    method: "POST",
    suffix: `/${SERVICE}`,
    headers: { "content-type": `application/x-${SERVICE}-request`, accept: `application/x-${SERVICE}-result` },
    body,
  });
  const { status } = response;
  if (
    !state.spokeV2 &&
    (PERHAPS_NOT_SPOKEN.has(status) || (status >= 500 && response.headers["retry-after"] === undefined))
  )
    return undefined;
  throwForStatus(state, response);
  const packets = readPackets(response.body, { cut: response.cut });
  if (packets === undefined || packets.length === 0) return undefined;
  const error = serverError(packets);
  if (error !== undefined && !body.includes("want ")) throw refusedByServer(state, error);
  state.spokeV2 = true;
  await state.memory.keep("v2");
  return packets;
}

async function advertise(state: State): Promise<Advertisement> {
  const response = await send(state, { method: "GET", suffix: ADVERTISEMENT, headers: { accept: "*/*" } });
  throwForStatus(state, response);
  const advertisement = readAdvertisement(response.body, response.headers["content-type"] ?? "");
  if (advertisement === undefined) throw notGit(state, "its answer is not git's");
  if (advertisement.protocol === "dumb") await addDumbHead(state, advertisement);
  await state.memory.keep(advertisement.protocol);
  return advertisement;
}

/** Protocol v2 says `fetch=shallow filter` where older ones have a word for each (gitprotocol-v2, gitprotocol-capabilities). */
async function askFeatures(state: State): Promise<ServerFeatures> {
  const { capabilities, protocol } = (state.advertisement ??= await advertise(state));
  if (protocol === "dumb") return { shallow: false, filter: false, lfs: false };
  const words = new Set([...capabilities].flatMap((capability) => capability.split(/[= ]/)));
  return { shallow: words.has("shallow"), filter: words.has("filter"), lfs: await speaksLfs(state) };
}

/** Whether a request for no object is understood (git-lfs, docs/api/batch.md); servers may refuse it as empty, but in LFS's own words. */
async function speaksLfs(state: State): Promise<boolean> {
  const type = "application/vnd.git-lfs+json";
  const suffix = repositoryUrl(state.base).endsWith(".git") ? "" : ".git";
  const response = await state.client.send({
    method: "POST",
    url: `${repositoryUrl(state.base)}${suffix}/info/lfs/objects/batch`,
    headers: { accept: type, "content-type": type },
    body: Buffer.from(JSON.stringify({ operation: "download", transfers: ["basic"], objects: [] })),
    signal: state.signal,
  });
  return response.status === 200 || (response.headers["content-type"] ?? "").startsWith(type);
}

/** Dumb http lists no HEAD; it is a file of its own, which tells an empty repository from a web page. */
async function addDumbHead(state: State, advertisement: Advertisement): Promise<void> {
  const response = await send(state, { method: "GET", suffix: "/HEAD", headers: {} });
  const [, target, object] = /^(?:ref: (\S+)|([0-9a-f]{40,64}))\s*$/.exec(response.body.toString("utf8")) ?? [];
  if (response.status !== 200 || (target ?? object) === undefined) throw notGit(state, "its answer is not git's");
  if (object !== undefined) advertisement.refs.push({ name: "HEAD", object });
  const ref = advertisement.refs.find(({ name }) => name === target);
  if (target !== undefined && ref !== undefined) advertisement.refs.push({ name: "HEAD", object: ref.object, target });
}

interface Sent {
  method: "GET" | "POST";
  suffix: string;
  headers: Record<string, string>;
  body?: Buffer;
}

async function send(state: State, { method, suffix, headers, body }: Sent): Promise<HttpResponse> {
  const { client, signal } = state;
  const ask = (): Promise<HttpResponse> =>
    client.send({
      method,
      url: repositoryUrl(state.base) + suffix,
      headers: { ...headers, "git-protocol": "version=2" },
      signal,
      ...(body && { body }),
    });
  const response = await ask();
  if (![301, 302, 303, 307, 308].includes(response.status)) return response;
  if (state.redirectedTo !== undefined) throw redirectRefused(state.access, response.headers.location ?? "");
  const asked = repositoryUrl(state.base) + suffix;
  state.base = followRedirect(response.headers.location, { access: state.access, asked, suffix });
  state.redirectedTo = state.base.href;
  const second = await ask();
  if (second.status >= 300 && second.status < 400) throw redirectRefused(state.access, second.headers.location ?? "");
  return second;
}

/** git adds its own path to the url's, without a second slash. */
function repositoryUrl(url: GitUrl): string {
  return url.href.replace(/\/$/, "");
}

function throwForStatus(state: State, { status, headers }: HttpResponse): void {
  const error = statusError(status, { ...state.client.asked, url: state.access.url }, headers["retry-after"]);
  if (error) throw error;
}

function notGit(state: State, what: string): BowlineError {
  return new BowlineError({
    code: "GIT_PROTOCOL",
    message: `"${named(state.access.url)}" is not a git repository's url: ${what}`,
    hint: "check that the url is the one that git clone takes, not a page of the web site",
  });
}

function refusedByServer(state: State, words: string): BowlineError {
  return new BowlineError({
    code: "GIT_PROTOCOL",
    message: `the git server of "${named(state.access.url)}" says: ${words.slice(0, 300)}`,
    hint: "ask whoever runs the server",
  });
}
