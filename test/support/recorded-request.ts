import type { IncomingHttpHeaders } from "node:http";

/** One request as a server saw it; "this host was sent nothing" is `requests` being empty. */
export interface RecordedRequest {
  method: string;
  /** As it came, with the query. */
  path: string;
  headers: IncomingHttpHeaders;
  /** Size of the body, known when the request has been answered. */
  bytes: number;
  /** The body's first 64 KiB. */
  body: Buffer;
  /** What was answered; 0 when nothing was. */
  status: number;
}
