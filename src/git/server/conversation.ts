import { BowlineError, errnoOf, type GitUrl } from "../../lib/index.ts";
import type { Timeouts } from "../../config/index.ts";
import type { Access } from "../access.ts";
import { named } from "../failures.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../http/client.ts";
import type { HttpStream } from "../http/exchange.ts";
import { refusalProblem, statusError } from "../http/failures.ts";
import { AGAIN, followRedirect, redirectRefused } from "../http/redirect.ts";
import { masksFor } from "../masks.ts";
import type { HostMemory, KnownHost } from "./host-memory.ts";
import type { Advertisement } from "./advertisement.ts";
import type { Ref } from "./session.ts";

/** What has been said so far between us and one repository's server over http(s). */
export interface Conversation {
  access: Access;
  client: HttpClient;
  memory: HostMemory;
  /** What is known of the host, from earlier calls too. */
  known: KnownHost;
  signal: AbortSignal;
  timeouts: Timeouts;
  /** The url that is asked, after a redirect that was followed. */
  base: GitUrl;
  redirectedTo?: string;
  advertisement?: Advertisement;
  /** Whether a request of protocol v2 was answered as one. */
  spokeV2: boolean;
  /** Every reference that was listed. */
  seen: Map<string, Ref>;
}

export const SERVICE = "git-upload-pack";

/** One request below the repository's url. */
export interface Ask {
  method: "GET" | "POST";
  suffix: string;
  headers: Record<string, string>;
  body?: Buffer;
}

/** A command of protocol v2. */
export function command(body: Buffer): Ask {
  const headers = { "content-type": `application/x-${SERVICE}-request`, accept: `application/x-${SERVICE}-result` };
  return { method: "POST", suffix: `/${SERVICE}`, headers, body };
}

/** Asks, and reads the whole answer. One redirect is followed, within origin and scope, and remembered. Throws REDIRECT_REFUSED. */
export async function send(talk: Conversation, ask: Ask): Promise<HttpResponse> {
  return withRedirect(talk, ask, (request) => talk.client.send(request));
}

/** As `send`, but gives the answer as soon as its head is there. */
export async function open(talk: Conversation, ask: Ask): Promise<HttpStream> {
  return withRedirect(talk, ask, (request) => talk.client.open(request));
}

/** What says whether a request was heard. */
type Head = Pick<HttpStream, "status" | "headers">;

async function withRedirect<T extends Head>(
  talk: Conversation,
  { method, suffix, headers, body }: Ask,
  exchange: (request: HttpRequest) => Promise<T>,
): Promise<T> {
  const ask = (): Promise<T> =>
    exchange({
      method,
      url: repositoryUrl(talk.base) + suffix,
      headers: { ...headers, "git-protocol": "version=2" },
      signal: talk.signal,
      ...(body && { body }),
    });
  const first = await ask();
  if (![301, 302, 303, 307, 308].includes(first.status)) return first;
  if (talk.redirectedTo !== undefined) throw redirectRefused(talk.access, first.headers.location ?? "", AGAIN);
  const asked = repositoryUrl(talk.base) + suffix;
  talk.base = followRedirect(first.headers.location, { access: talk.access, asked, suffix });
  talk.redirectedTo = talk.base.href;
  const second = await ask();
  if (second.status < 300 || second.status >= 400) return second;
  throw redirectRefused(talk.access, second.headers.location ?? "", AGAIN);
}

/** git adds its own path to the url's, without a second slash. */
export function repositoryUrl(url: GitUrl): string {
  return url.href.replace(/\/$/, "");
}

/** Answers to a first v2 request that mean "perhaps not spoken here", not "no such repository". */
const PERHAPS_NOT_SPOKEN = new Set([400, 404, 405, 406, 411, 415, 422, 501]);

/**
 * The answer to a v2 command; undefined where it may be that of a server that does not know v2, or not this command. The first words are given up after
 * `patience` milliseconds: some servers wait for ever for words that they know, and may end when the request is ended, which is therefore left as it is.
 */
export async function heard<T extends Head & { drop?: () => void }>(
  talk: Conversation,
  answer: Promise<T>,
  patience: number,
): Promise<T | undefined> {
  const first = !talk.spokeV2 && talk.advertisement === undefined;
  try {
    const told = first ? await within(patience, answer) : await answer;
    if (told === undefined) answer.then((late) => late.drop?.()).catch(() => undefined);
    return told !== undefined && !talk.spokeV2 && perhapsNotSpoken(told) ? undefined : told;
  } catch (error) {
    // Apache httpd does it for a CGI that refuses before it has read what is sent, as git's does for a repository that is not there
    if (!first || !isEnded(error)) throw error;
    return undefined;
  }
}

async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((done) => (timer = setTimeout(() => done(undefined), milliseconds)));
  return Promise.race([answer, over]).finally(() => clearTimeout(timer));
}

function perhapsNotSpoken({ status, headers }: Head): boolean {
  return PERHAPS_NOT_SPOKEN.has(status) || (status >= 500 && headers["retry-after"] === undefined);
}

/** Whether the connection was there and ended without an answer. */
function isEnded(error: unknown): boolean {
  return error instanceof BowlineError && ["ECONNRESET", "EPIPE"].includes(errnoOf(error.cause) ?? "");
}

/** Throws the error for a status that is one. */
export function throwForStatus(talk: Conversation, { status, headers }: Head): void {
  const error = statusError(status, { ...talk.client.asked, url: talk.access.url }, headers);
  if (error) throw error;
}

/** The error for an answer that is not git's. */
export function notGit(talk: Conversation, what: string): BowlineError {
  return new BowlineError({
    code: "GIT_PROTOCOL",
    message: `"${named(talk.access.url)}" is not a git repository's url: ${what}`,
    hint: "check that the url is the one that git clone takes, not a page of the web site",
  });
}

/** The error for a refusal in the server's own words, which are one line: a second one could look like words of ours. */
export function refusedByServer(talk: Conversation, words: string): BowlineError {
  const line = masksFor(talk.access)(words).replaceAll(/\s+/g, " ").trim();
  return new BowlineError(refusalProblem(line, { ...talk.client.asked, url: talk.access.url }));
}
