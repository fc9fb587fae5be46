import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { BowlineError } from "../../../lib/index.ts";
import type { ClusterAccess } from "./access.ts";
import { answerError, isPassing, notReached } from "./kube-errors.ts";
import { openTransport, readAll, type Query, type Transport } from "./transport.ts";

/** The requests Bowline makes of an API server. Every method throws a BowlineError; a 404 of `find` and `remove` is no error. */
export interface KubeApi {
  access: ClusterAccess;
  /** The answer, or undefined for what is not there. */
  find: <T>(path: string, query?: Query) => Promise<T | undefined>;
  get: <T>(path: string, query?: Query) => Promise<T>;
  post: <T>(path: string, body: object) => Promise<T>;
  /** Server-side apply as the field manager `bowline`: makes the object, or the fields we name of it. */
  apply: <T>(path: string, object: object, query?: Query) => Promise<T>;
  /** JSON merge patch (RFC 7386). */
  merge: <T>(path: string, patch: object) => Promise<T>;
  remove: (path: string, query?: Query) => Promise<void>;
  /** An answer that goes on: a watch, a log. */
  stream: (path: string, query: Query, signal: AbortSignal) => Promise<IncomingMessage>;
  close: () => void;
}

export type Trouble = (error: BowlineError) => void;

export const FIELD_MANAGER = "bowline";

/** How long a server that does not answer is asked again, in milliseconds: one never seen, and one that was there before. */
const PATIENCE = { first: 3_000, known: 60_000 };

/** The longest that an ordinary answer, or its next piece, may let wait, in milliseconds. */
const ANSWER_TIME = 30_000;

/** `onTrouble` is told when the server does not answer for now, once for each request that is tried again. */
export function openKubeApi(access: ClusterAccess, { onTrouble = () => {} }: { onTrouble?: Trouble } = {}): KubeApi {
  const transport = openTransport(access);
  let seen = false;

  async function send(method: string, path: string, more: SendOptions = {}): Promise<IncomingMessage> {
    const started = Date.now();
    for (let attempt = 0; ; attempt++) {
      const { answer, error } = await ask(transport, { method, path, ...more });
      if (answer !== undefined && !isPassing(answer.statusCode ?? 0)) {
        seen = true;
        return answer;
      }
      more.signal?.throwIfAborted();
      const refused = answer === undefined ? undefined : await answerError(answer, { method, path, access });
      if (Date.now() - started > (seen ? PATIENCE.known : PATIENCE.first) || error?.final)
        throw refused ?? notReached(error?.cause, access);
      if (attempt === 0 && seen) onTrouble(refused ?? notReached(error?.cause, access));
      await sleep(waitFor(attempt, answer), undefined, more.signal === undefined ? {} : { signal: more.signal });
    }
  }

  async function json<T>(method: string, path: string, more: SendOptions = {}): Promise<T | undefined> {
    const answer = await send(method, path, { ...more, time: ANSWER_TIME });
    const status = answer.statusCode ?? 0;
    if (status === 404 && more.absent) {
      answer.resume();
      return undefined;
    }
    if (status >= 300) throw await answerError(answer, { method, path, access });
    return JSON.parse((await readAll(answer)).toString()) as T;
  }

  const present = async <T>(asked: Promise<T | undefined>): Promise<T> => (await asked) as T;
  return {
    access,
    find: (path, query) => json("GET", path, { query, absent: true }),
    get: (path, query) => present(json("GET", path, { query })),
    post: (path, body) => present(json("POST", path, { body, type: "application/json" })),
    apply: (path, object, query) =>
      present(
        json("PATCH", path, {
          query: { fieldManager: FIELD_MANAGER, force: true, ...query },
          body: object,
          type: "application/apply-patch+yaml",
        }),
      ),
    merge: (path, patch) =>
      present(
        json("PATCH", path, {
          query: { fieldManager: FIELD_MANAGER },
          body: patch,
          type: "application/merge-patch+json",
        }),
      ),
    async remove(path, query) {
      await json("DELETE", path, { query, absent: true });
    },
    async stream(path, query, signal) {
      const answer = await send("GET", path, { query, signal });
      if ((answer.statusCode ?? 0) >= 300) throw await answerError(answer, { method: "GET", path, access });
      return answer;
    },
    close: () => transport.close(),
  };
}

interface SendOptions {
  query?: Query | undefined;
  body?: object;
  type?: string;
  signal?: AbortSignal;
  time?: number;
  /** A 404 is an answer. */
  absent?: boolean;
}

/** One request; once more with renewed credentials when those shown were refused. */
async function ask(
  transport: Transport,
  request: SendOptions & { method: string; path: string },
): Promise<{ answer?: IncomingMessage; error?: { cause: unknown; final: boolean } }> {
  try {
    const answer = await transport.send(request);
    if (answer.statusCode !== 401) return { answer };
    answer.resume();
    return { answer: await transport.send({ ...request, refresh: true }) };
  } catch (cause) {
    if (cause instanceof BowlineError) throw cause;
    return { error: { cause, final: isFinal(cause) } };
  }
}

/** What asking again cannot change: names that do not exist, certificates that are not trusted. */
function isFinal(cause: unknown): boolean {
  const { code = "" } = cause as { code?: string };
  return /^(ENOTFOUND|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_INVALID|EPROTO)/.test(code);
}

function waitFor(attempt: number, answer: IncomingMessage | undefined): number {
  const asked = Number(answer?.headers["retry-after"]);
  const own = Math.min(200 * 2 ** attempt, 5_000) * (0.5 + Math.random() / 2);
  return asked > 0 && asked <= 30 ? asked * 1000 : own;
}
