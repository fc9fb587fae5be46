import { homedir } from "node:os";
import { join } from "node:path";

/** How the environment names a Docker Engine, by the variables of Docker's own client. */
export interface DockerEnvironment {
  /** DOCKER_HOST */
  host?: string;
  /** DOCKER_CONTEXT */
  context?: string;
  /** TLS is spoken to a tcp host: DOCKER_TLS_VERIFY or DOCKER_CERT_PATH is set. */
  tls: boolean;
  /** Folder of ca.pem, cert.pem and key.pem. */
  certificates?: string;
  /** Docker's own settings: contexts, registry credentials. */
  folder?: string;
  /** What ssh and credential helpers are started with. */
  programs: Record<string, string>;
}

/** Variables that ssh and Docker's credential helpers need to find the user's keys. */
const PROGRAM_VARIABLES = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SSH_AUTH_SOCK",
  "XDG_RUNTIME_DIR",
  "DBUS_SESSION_BUS_ADDRESS",
];

/** As https://docs.docker.com/reference/cli/docker/#environment-variables says; a certificate is always checked. */
export function dockerFrom(env: Readonly<Record<string, string | undefined>>): DockerEnvironment {
  const folder = env["DOCKER_CONFIG"] || folderOfUser(env);
  const certificates = env["DOCKER_CERT_PATH"] || folder;
  return {
    ...(env["DOCKER_HOST"] ? { host: env["DOCKER_HOST"] } : {}),
    ...(env["DOCKER_CONTEXT"] ? { context: env["DOCKER_CONTEXT"] } : {}),
    tls: Boolean(env["DOCKER_TLS_VERIFY"] || env["DOCKER_CERT_PATH"]),
    ...(certificates === undefined ? {} : { certificates }),
    ...(folder === undefined ? {} : { folder }),
    programs: Object.fromEntries(PROGRAM_VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
  };
}

function folderOfUser(env: Readonly<Record<string, string | undefined>>): string | undefined {
  try {
    return join(env["HOME"] || homedir(), ".docker");
  } catch {
    // A user id without a passwd entry has no home.
    return undefined;
  }
}
