import { readAdvertisement, refusalIn, type Advertisement } from "./advertisement.ts";
import {
  command,
  heard,
  notGit,
  refusedByServer,
  send,
  SERVICE,
  throwForStatus,
  type Conversation,
} from "./conversation.ts";
import type { KnownHost } from "./host-memory.ts";
import { isNotOurs, serverError } from "./ls-refs.ts";
import { readPackets, type Packet } from "./pkt-line.ts";

const ADVERTISEMENT = `/info/refs?service=${SERVICE}`;

/**
 * Sends a command of protocol v2 and reads the answer. Where it is not understood, `info/refs` is asked what is spoken, and the command
 * is sent once more if that is v2 after all, in the format of the repository's objects. Undefined when the host does not speak v2, and when
 * the answer cannot be read; `talk.advertisement` then says what there is.
 */
export async function inV2<T>(
  talk: Conversation,
  body: (objectFormat?: string) => Buffer,
  read: (packets: readonly Packet[]) => T | undefined,
): Promise<T | undefined> {
  if (talk.advertisement === undefined && (talk.spokeV2 || talk.known.protocol === "v2")) {
    const answer = await speakV2(talk, body(), read);
    if (answer !== undefined) return answer;
  }
  const advertisement = (talk.advertisement ??= await advertise(talk));
  if (advertisement.protocol !== "v2") return undefined;
  return speakV2(talk, body(advertisement.objectFormat), read);
}

/** Sends one v2 command; undefined when the server perhaps does not speak v2. */
async function speakV2<T>(
  talk: Conversation,
  body: Buffer,
  read: (packets: readonly Packet[]) => T | undefined,
): Promise<T | undefined> {
  const sent = send(talk, command(body));
  // a server that says that it speaks v2 means what it answers
  const told = talk.advertisement !== undefined;
  const response = told ? await sent : await heard(talk, sent, talk.timeouts.resolve * 0.4);
  if (response === undefined) return undefined;
  throwForStatus(talk, response);
  const packets = readPackets(response.body, { cut: response.cut });
  if (packets === undefined || packets.length === 0) return undefined;
  const error = serverError(packets);
  if (error !== undefined && !isNotOurs(error)) {
    // JGit before 5.1 says so that it wants other words
    if (!told && !talk.spokeV2) return undefined;
    if (!body.includes("want ")) throw refusedByServer(talk, error);
  }
  const answer = read(packets);
  if (answer !== undefined) await heardV2(talk);
  return answer;
}

/** Asks `info/refs` what is spoken here, and keeps it in mind. */
export async function advertise(talk: Conversation): Promise<Advertisement> {
  const response = await send(talk, { method: "GET", suffix: ADVERTISEMENT, headers: { accept: "*/*" } });
  throwForStatus(talk, response);
  const type = response.headers["content-type"] ?? "";
  const refused = refusalIn(response.body, type);
  if (refused !== undefined) throw refusedByServer(talk, refused);
  const advertisement = readAdvertisement(response.body, type);
  if (advertisement === undefined) throw notGit(talk, "its answer is not git's");
  if (advertisement.protocol === "dumb") await addDumbHead(talk, advertisement);
  await remember(talk, { protocol: advertisement.protocol, lacks: [] });
  return advertisement;
}

/** Dumb http lists no HEAD; it is a file of its own, which tells an empty repository from a web page. */
async function addDumbHead(talk: Conversation, advertisement: Advertisement): Promise<void> {
  const response = await send(talk, { method: "GET", suffix: "/HEAD", headers: {} });
  // of a page of a web site nothing is below
  if (response.status !== 404) throwForStatus(talk, response);
  const [, target, object] = /^(?:ref: (\S+)|([0-9a-f]{40,64}))\s*$/.exec(response.body.toString("utf8")) ?? [];
  if (response.status !== 200 || (target ?? object) === undefined) throw notGit(talk, "its answer is not git's");
  if (object !== undefined) advertisement.refs.push({ name: "HEAD", object });
  const ref = advertisement.refs.find(({ name }) => name === target);
  if (target !== undefined && ref !== undefined) advertisement.refs.push({ name: "HEAD", object: ref.object, target });
}

/** Notes that the host speaks v2. */
export async function heardV2(talk: Conversation): Promise<void> {
  talk.spokeV2 = true;
  const { protocol, lacks } = talk.known;
  if (protocol !== "v2") await remember(talk, { protocol: "v2", lacks });
}

/** Keeps in mind, here and for later calls, what the host is like. */
export async function remember(talk: Conversation, known: KnownHost): Promise<void> {
  talk.known = known;
  await talk.memory.keep(known);
}
