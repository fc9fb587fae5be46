export { startDemoGitServer, type DemoGitServer, type DemoGitServerOptions } from "./git-server.ts";
export { runHttpBackend, type BackendRequest, type BackendResponse } from "./http-backend.ts";
