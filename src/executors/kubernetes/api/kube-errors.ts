import type { IncomingMessage } from "node:http";
import { BowlineError, type ErrorCode } from "../../../lib/index.ts";
import type { ClusterAccess } from "./access.ts";
import { readAll } from "./transport.ts";

/** What the server said: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface KubeStatus {
  code: number;
  reason?: string;
  message?: string;
}

/** What the server answered to the request behind this error; absent where it did not answer. */
export function statusOf(error: unknown): KubeStatus | undefined {
  const cause = error instanceof BowlineError ? (error.cause as KubeStatus | undefined) : undefined;
  return typeof cause?.code === "number" ? cause : undefined;
}

/** Answers that another try may change. */
export function isPassing(status: number): boolean {
  return status === 429 || status === 500 || (status >= 502 && status <= 504);
}

/** The error of an answer that is none of success. */
export async function answerError(
  answer: IncomingMessage,
  { method, path, access }: { method: string; path: string; access: ClusterAccess },
): Promise<BowlineError> {
  const code = answer.statusCode ?? 0;
  const text = await readAll(answer).then(
    (bytes) => bytes.toString(),
    () => "",
  );
  const cause: KubeStatus = { ...parsed(text), code };
  const said = (cause.message ?? text.slice(0, 300).trim()) || `HTTP ${code} to ${method} ${path}`;
  const { code: known, hint } = kindOf(cause, access);
  return new BowlineError({ code: known, message: `the cluster says: ${said}`, hint }, { cause });
}

/** The error of a server that did not answer. */
export function notReached(cause: unknown, { server, context }: ClusterAccess): BowlineError {
  const { code = "", message = "" } = (cause ?? {}) as { code?: string; message?: string };
  return new BowlineError(
    {
      code: "EXECUTOR_ABSENT",
      message: `the cluster "${context}" at ${server} is not reached: ${message || code || "no answer"}`,
      hint: "try: kubectl version; another cluster by --context, another executor by --executor process",
    },
    { cause },
  );
}

function parsed(text: string): Omit<KubeStatus, "code"> {
  try {
    const { reason, message } = JSON.parse(text) as KubeStatus;
    return { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
  } catch {
    return {};
  }
}

function kindOf({ code, message = "" }: KubeStatus, { context }: ClusterAccess): { code: ErrorCode; hint: string } {
  if (code === 401)
    return {
      code: "CLUSTER_FORBIDDEN",
      hint: `log in again; see who you are with: kubectl --context ${context} auth whoami`,
    };
  if (code === 403 && / cannot /.test(message))
    return { code: "CLUSTER_FORBIDDEN", hint: "see which rights are missing: bowline doctor --executor kubernetes" };
  if (code === 403 && /exceeded quota/.test(message))
    return { code: "CLUSTER_REFUSED", hint: "wait for other runs to end, or ask for a larger quota" };
  if (code === 403 && /PodSecurity/.test(message))
    return {
      code: "CLUSTER_REFUSED",
      hint: "set environment.securityContext and container.securityContext as the namespace asks",
    };
  if (code === 404)
    return { code: "CLUSTER_REFUSED", hint: "does the namespace exist? name another with: --namespace" };
  if (code >= 500 || code === 429) return { code: "EXECUTOR_ABSENT", hint: "the API server is in trouble; try again" };
  return { code: "CLUSTER_REFUSED", hint: "see the objects with: bowline run --dry-run -o yaml" };
}
