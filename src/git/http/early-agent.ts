import { Agent, type AgentOptions } from "node:https";
import type { Socket } from "node:net";
import { connect as connectSecure, type ConnectionOptions } from "node:tls";
import { connectTo } from "./early-connection.ts";
import { trustContext } from "./trust-context.ts";

/** The system's own name for it. */
const ENDED = "ECONNRESET";

/**
 * Connections over TLS whose first packet is on its way while the authorities are made ready to check the answer: that takes work, as
 * long as a near host is away, and twice as long where Node's own roots do not serve.
 */
export function createEarlyAgent(options: AgentOptions, certificates: string): Agent {
  const agent = new Agent(options);
  const opening = new Set<Socket>();
  agent.createConnection = (asked, created) => {
    const { host, port } = asked;
    const socket = connectTo({ host, port: port ?? 443 });
    const tell = (error: Error | null, secured = socket): void => {
      opening.delete(socket);
      socket.off("error", tell).off("close", ended);
      created?.(error, secured);
    };
    const ended = (): void => tell(closed());
    socket.on("error", tell).on("close", ended);
    opening.add(socket);
    // Node begins to connect after the present turn.
    setImmediate(() => {
      const secureContext = trustContext(certificates);
      const secure = (): void => tell(null, connectSecure({ ...(asked as ConnectionOptions), socket, secureContext }));
      // Not before: of several addresses each has a connection of its own below the socket, and TLS stays with the one that it was given.
      if (socket.connecting) socket.on("connect", secure);
      else if (!socket.destroyed) secure();
    });
    return undefined;
  };
  const destroy = agent.destroy.bind(agent);
  agent.destroy = () => {
    // the agent does not know of them yet
    for (const socket of opening) socket.destroy(closed());
    destroy();
  };
  return agent;
}

function closed(): Error {
  return Object.assign(new Error("the connection is closed"), { code: ENDED });
}
