import { Agent, type AgentOptions } from "node:https";
import { connect as connectSecure, type ConnectionOptions } from "node:tls";
import { connectTo } from "./early-connection.ts";
import { trustContext } from "./trust-context.ts";

/**
 * Connections over TLS whose first packet is on its way while the authorities are made ready to check the answer: that takes work, as
 * long as a near host is away, and twice as long where Node's own roots do not serve.
 */
export function createEarlyAgent(options: AgentOptions, certificates: string): Agent {
  const agent = new Agent(options);
  agent.createConnection = (asked, created) => {
    const { host, port } = asked;
    const socket = connectTo({ host, port: port ?? 443 });
    let fault: Error | undefined;
    const failed = (error: Error): void => void (fault = error);
    socket.once("error", failed);
    // Node connects after the present turn.
    setImmediate(() => {
      socket.off("error", failed);
      if (fault !== undefined) return void created?.(fault, socket);
      const secure = connectSecure({
        ...(asked as ConnectionOptions),
        socket,
        secureContext: trustContext(certificates),
      });
      created?.(null, secure);
    });
    return undefined;
  };
  return agent;
}
