import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { BowlineError } from "../../../lib/index.ts";
import type { Endpoint } from "./endpoint.ts";
import { DockerError, engineGone, isGone } from "./errors.ts";
import type { Call, Send } from "./transport.ts";

/** The newest version of the API that we ask for, and the oldest that will do: that of Docker 20.10. */
const NEWEST = "1.47";
const OLDEST = "1.41";

/** Milliseconds without an answer to a plain question. */
const SILENCE = 60_000;

export interface Question extends Omit<Call, "path" | "body" | "method"> {
  query?: Record<string, string | number | boolean | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, as a tar archive. */
  archive?: Buffer;
}

/** The Engine API, as far as runs need it: https://docs.docker.com/reference/api/engine/ */
export interface DockerClient {
  endpoint: Endpoint;
  /** Version of the API that is spoken. */
  version: string;
  /** Asks, and reads the answer's JSON; nothing for an empty one. Throws DockerError for a refusal, EXECUTOR_ABSENT where nobody answers. */
  ask: <T = unknown>(method: string, path: string, question?: Question) => Promise<T>;
  /** Asks, and leaves the answer's body to the caller. */
  open: (method: string, path: string, question?: Question) => Promise<IncomingMessage>;
}

/** Agrees on a version with the engine. Throws EXECUTOR_ABSENT where there is none, or an older one. */
export async function connectClient(endpoint: Endpoint, send: Send): Promise<DockerClient> {
  const version = await agreeOnVersion(endpoint, send);

  async function open(method: string, path: string, question: Question = {}): Promise<IncomingMessage> {
    const { query, body, archive, headers = {}, ...rest } = question;
    const content = archive ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
    const type = archive !== undefined ? "application/x-tar" : "application/json";
    let answer: IncomingMessage;
    try {
      answer = await send({
        ...{ ...rest, method, path: `/v${version}${path}${queryText(query)}`, body: content },
        headers: { ...headers, ...(content === undefined ? {} : { "content-type": type }) },
      });
    } catch (error) {
      throw isGone(error) ? engineGone(endpoint, error) : error;
    }
    const status = answer.statusCode ?? 0;
    if (status < 400) return answer;
    throw new DockerError(status, messageOf(await text(answer).catch(() => "")));
  }

  async function ask<T>(method: string, path: string, question: Question = {}): Promise<T> {
    const answer = await open(method, path, { silence: SILENCE, ...question });
    try {
      const body = await text(answer);
      return (body === "" ? undefined : JSON.parse(body)) as T;
    } catch (error) {
      throw isGone(error) ? engineGone(endpoint, error) : error;
    }
  }

  return { endpoint, version, ask, open };
}

async function agreeOnVersion(endpoint: Endpoint, send: Send): Promise<string> {
  let answer: IncomingMessage;
  try {
    answer = await send({ method: "GET", path: "/_ping", silence: SILENCE });
    answer.resume();
  } catch (error) {
    throw engineGone(endpoint, error);
  }
  const theirs = String(answer.headers["api-version"] ?? "");
  if ((answer.statusCode ?? 0) >= 400 || !/^\d+\.\d+$/.test(theirs)) throw notDocker(endpoint);
  if (isOlder(theirs, OLDEST)) throw tooOld(endpoint, theirs);
  return isOlder(theirs, NEWEST) ? theirs : NEWEST;
}

function isOlder(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

function queryText(query: Question["query"] = {}): string {
  const words = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(String(value))}`],
  );
  return words.length === 0 ? "" : `?${words.join("&")}`;
}

function messageOf(body: string): string {
  try {
    const { message, cause } = JSON.parse(body) as { message?: string; cause?: string };
    return message ?? cause ?? body;
  } catch {
    return body.trim();
  }
}

function notDocker({ shown }: Endpoint): BowlineError {
  return new BowlineError({
    code: "EXECUTOR_ABSENT",
    message: `what answers at ${shown} is no Docker Engine`,
    hint: "check executor.host, DOCKER_HOST and: docker context ls",
  });
}

function tooOld({ shown }: Endpoint, version: string): BowlineError {
  return new BowlineError({
    code: "EXECUTOR_ABSENT",
    message: `the Docker Engine at ${shown} speaks version ${version} of its API; ${OLDEST} is needed`,
    hint: "use Docker Engine 20.10 or newer",
  });
}
