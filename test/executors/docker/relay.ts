import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** A tcp port of loopback that leads to a Docker Engine's socket: the same engine, reached as one elsewhere is. */
export interface Relay {
  port: number;
  close: () => Promise<void>;
}

export async function startRelay(dockerHost: string, tls?: TlsOptions): Promise<Relay> {
  const sockets = new Set<{ destroy: () => void }>();
  function relay(socket: Socket): void {
    const onward = connect(dockerHost.replace(/^unix:\/\//, ""));
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  }
  const server: Server = tls === undefined ? createServer(relay) : createTlsServer(tls, relay);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
