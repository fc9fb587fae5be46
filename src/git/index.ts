export type { CodeReference } from "./code-reference.ts";
export type { GitEvent, GitRequest, MaterializeRequest, Resolution } from "./request.ts";
export type { Session } from "./session.ts";
