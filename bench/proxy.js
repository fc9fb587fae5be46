// A far server: a TCP proxy that adds a round trip to what is said, and sends no faster than the line.
import { connect, createServer } from "node:net";

/** Bytes on their way in one direction; more waits at the sender, as with TCP. */
const IN_FLIGHT = 1024 * 1024;

/**
 * Forwards every connection to a port. A connection takes one round trip until its first byte starts, each byte takes half of one, and all
 * connections share the line. TCP's slow start is not played, so that it is the same for everybody. Gives the listening server.
 */
export function farServer({ port, roundTrip, bytesPerSecond }) {
  const lines = { up: createLine(bytesPerSecond), down: createLine(bytesPerSecond) };
  return createServer({ noDelay: true }, (client) => {
    const connected = performance.now() + roundTrip;
    const server = connect({ port, host: "127.0.0.1", noDelay: true });
    for (const socket of [client, server]) socket.on("error", () => [client, server].forEach((one) => one.destroy()));
    forward({ from: client, to: server, line: lines.up, notBefore: connected, delay: roundTrip / 2 });
    forward({ from: server, to: client, line: lines.down, notBefore: 0, delay: roundTrip / 2 });
  });
}

/** When the last of some bytes leaves the line, if they are ready at a time. */
function createLine(bytesPerSecond) {
  let free = 0;
  return (ready, bytes) => (free = Math.max(free, ready) + (bytes / bytesPerSecond) * 1000);
}

function forward({ from, to, line, notBefore, delay }) {
  const queue = [];
  let flying = 0;
  let timer;
  const deliver = () => {
    timer = undefined;
    while (queue.length > 0 && queue[0].at <= performance.now() + 0.5) {
      const { chunk } = queue.shift();
      if (chunk === undefined) to.end();
      else to.write(chunk);
      flying -= chunk?.length ?? 0;
    }
    if (flying < IN_FLIGHT) from.resume();
    if (queue.length > 0) timer = setTimeout(deliver, queue[0].at - performance.now());
  };
  const send = (chunk) => {
    queue.push({ chunk, at: line(Math.max(performance.now(), notBefore), chunk?.length ?? 0) + delay });
    timer ??= setTimeout(deliver, queue[0].at - performance.now());
  };
  from.on("data", (chunk) => {
    flying += chunk.length;
    if (flying >= IN_FLIGHT) from.pause();
    send(chunk);
  });
  from.on("end", () => send(undefined));
  from.on("close", () => clearTimeout(from.readableEnded ? undefined : timer));
}
