import type { EarlyAnswer } from "./forges.ts";
import type { RecordedRequest } from "./recorded-request.ts";

/** The LFS half of a server: the batch interface, and the objects themselves. */
export interface LfsOptions {
  /** Contents by oid. */
  objects: Map<string, Buffer>;
  /** Another server that has the objects; this one when absent, behind the repository's own authentication. */
  objectsUrl?: string;
  /** Given to the client for the objects, and required where they are; without it `objectsUrl` asks for nothing. */
  header?: Record<string, string>;
}

interface Batch {
  operation: string;
  objects: { oid: string; size: number }[];
}

export interface LfsAnswer extends Omit<EarlyAnswer, "body"> {
  body: string | Buffer;
}

/** Answers what belongs to LFS: `…/info/lfs/objects/batch`, `…/lfs-objects/OID`; undefined for everything else. */
export function answerLfs(request: RecordedRequest, options: LfsOptions & { url: string }): LfsAnswer | undefined {
  const object = /^(.*)\/lfs-objects\/([0-9a-f]{64})$/.exec(request.path);
  if (object !== null) return answerObject(request, { oid: object[2] as string, options });
  const batch = /^(.*)\/info\/lfs\/objects\/batch$/.exec(request.path);
  if (batch !== null) return answerBatch(request, { repository: batch[1] as string, options });
  return undefined;
}

function answerObject({ headers }: RecordedRequest, { oid, options }: { oid: string; options: LfsOptions }): LfsAnswer {
  for (const [name, value] of Object.entries(options.header ?? {})) {
    if (headers[name.toLowerCase()] !== value)
      return { status: 403, body: "the header that the batch gave is missing" };
  }
  const content = options.objects.get(oid);
  return content === undefined ? { status: 404, body: "" } : { status: 200, body: content };
}

function answerBatch(
  request: RecordedRequest,
  { repository, options }: { repository: string; options: LfsOptions & { url: string } },
): LfsAnswer {
  const { objects } = JSON.parse(request.body.toString()) as Batch;
  const base = options.objectsUrl === undefined ? `${options.url}${repository}` : options.objectsUrl;
  const answered = objects.map(({ oid, size }) => {
    if (options.objectsUrl === undefined && !options.objects.has(oid))
      return { oid, size, error: { code: 404, message: "no such object" } };
    const header = options.header ?? {};
    return { oid, size, authenticated: true, actions: { download: { href: `${base}/lfs-objects/${oid}`, header } } };
  });
  const headers = { "content-type": "application/vnd.git-lfs+json" };
  return { status: 200, headers, body: JSON.stringify({ transfer: "basic", objects: answered }) };
}
