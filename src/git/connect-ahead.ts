import { openAccess } from "./access.ts";
import { connectEarly } from "./http/early-connection.ts";
import { isHttp, portOf } from "./http/place.ts";
import { proxyFor } from "./http/proxy.ts";
import { reached } from "./http/redirect.ts";
import type { GitRequest } from "./request.ts";
import { withoutBrackets } from "../lib/index.ts";

/**
 * Begins the connection that the first request of `resolve` or `materialize` will go over, where the url, the policy and the credential let it be asked, and where no
 * proxy, no cache and no git stands before it. Sends nothing. What is wrong is told by who asks. `redirectedTo` is that of a pin.
 */
export async function connectAhead(request: GitRequest, redirectedTo?: string): Promise<void> {
  const { network, cache } = request;
  if (cache !== undefined || network.fetchBy === "git") return;
  try {
    const { url, credential } = reached(await openAccess(request.url, request), redirectedTo);
    if (!isHttp(url)) return;
    if (proxyFor(url, network, credential?.proxy) !== undefined) return;
    connectEarly({ host: withoutBrackets(url.host), port: portOf(url) });
    // Node connects in its next tick, and loading what comes now is all of this one
    await new Promise((done) => process.nextTick(done));
  } catch {
    // openAccess throws the same for them
  }
}
