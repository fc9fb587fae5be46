import { connect, type Socket } from "node:net";

/** Where a connection goes, as Node's agents have it: an IPv6 address without brackets. */
export interface ConnectionPlace {
  host?: string | null | undefined;
  port?: number | string | null | undefined;
}

const USABLE: ReadonlySet<Socket["readyState"]> = new Set(["opening", "open"]);

const begun = new Map<string, Socket>();

/**
 * Begins a TCP connection for whoever asks this place first: the way there takes as long as loading what makes the request. Nothing is sent, so it is
 * bound to no request, credential or trust. It keeps no process alive.
 */
export function connectEarly(place: ConnectionPlace): void {
  const socket = open(place);
  socket.unref().on("error", ignore);
  begun.set(keyOf(place), socket);
}

/** A connection to this place: the one that was begun, or a new one where there is none, or where it failed or ended: that tells why. */
export function connectTo(place: ConnectionPlace): Socket {
  const socket = begun.get(keyOf(place));
  begun.delete(keyOf(place));
  if (socket === undefined || !USABLE.has(socket.readyState)) return open(place);
  return socket.ref().off("error", ignore);
}

function open({ host, port }: ConnectionPlace): Socket {
  return connect({ port: Number(port), noDelay: true, ...(host && { host }) });
}

function keyOf({ host, port }: ConnectionPlace): string {
  return `${host ?? ""} ${Number(port)}`;
}

function ignore(): void {
  // who takes the connection meets a new one, and what is wrong with that
}
