import { BowlineError, type Problem } from "../lib/index.ts";
import type { GitRequest } from "./request.ts";
import { resolve } from "./resolve.ts";
import type { ServerFeatures, Session } from "./server/session.ts";

/** What works with a connection. */
export interface ConnectionReport extends ServerFeatures {
  url: string;
  redirectedTo?: string;
  protocol: Session["protocol"];
  /** As asked; `HEAD` when nothing was. */
  revision: string;
  ref?: string;
  commit: string;
  /** Milliseconds until the commit was known. */
  took: number;
  warnings: Problem[];
}

/** Does what a clone would do up to the first byte of content. Throws a BowlineError with the one thing that is wrong. */
export async function checkConnection(request: GitRequest): Promise<ConnectionReport> {
  const { commit, ref, redirectedTo, session, took, warnings } = await resolve(request);
  try {
    const { protocol } = session;
    const features = await session.features?.().catch(nothingSaid);
    return {
      url: request.url,
      ...(redirectedTo === undefined ? {} : { redirectedTo }),
      protocol,
      revision: request.revision ?? "HEAD",
      ...(ref === undefined ? {} : { ref }),
      commit,
      ...features,
      took,
      warnings,
    };
  } finally {
    session.close();
  }
}

/** The repository can be fetched, as was seen; a server that will not tell more is no fault of the connection. */
function nothingSaid(error: unknown): ServerFeatures {
  if (error instanceof BowlineError) return {};
  throw error;
}
