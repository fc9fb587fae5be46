export { resolve } from "./resolve.ts";
export { materialize } from "./materialize.ts";
export { checkGitVersion, type GitVersion } from "./git-version.ts";
export type { CodeReference } from "./code-reference.ts";
export type { GitEvent, GitRequest, MaterializeRequest, Resolution } from "./request.ts";
export type { Session } from "./session.ts";
export { readHostKeys, type HostKey } from "./ssh-host-keys.ts";
export { prepareJobGit, type JobConnection, type JobGit, type JobGitOptions } from "./job-git.ts";
export type { JobFile } from "./job-scope.ts";
