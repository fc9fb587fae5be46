import { devNull } from "node:os";
import type { Timeouts } from "../../config/index.ts";
import { shellQuote, withoutBrackets } from "../../lib/index.ts";
import { CHOOSE_LAUNCHER } from "../ssh/ssh-launcher.ts";
import { fileName, OWN_SETTINGS, timeSettings, userSettings } from "../ssh/ssh-settings.ts";
import type { JobFile, JobScope } from "./job-scope.ts";

export interface JobSshOptions {
  scopes: readonly JobScope[];
  /** Where the files will be, as the job sees it. */
  folder: string;
  timeouts: Timeouts;
}

export interface JobSsh {
  env: Record<string, string>;
  files: JobFile[];
}

/**
 * git knows one ssh command for all hosts. This one is a script that looks at the host, port and path it is asked for, takes the key of the longest scope
 * that covers them, and leaves everything else to plain ssh.
 */
export function jobSsh({ scopes, folder, timeouts }: JobSshOptions): JobSsh {
  if (scopes.length === 0) return { env: {}, files: [] };
  const longestFirst = [...scopes].sort((one, other) => other.prefix.length - one.prefix.length);
  const choices = longestFirst.map((scope) => choice({ scope, folder, timeouts }));
  const otherwise = `exec $launcher ssh ${optionWords(userSettings(timeouts))} "$@"\n`;
  const content = `${CHOOSE_LAUNCHER}${READ_ARGUMENTS}${choices.join("")}${otherwise}`;
  const files = scopes
    .filter(({ number }, index) => scopes.findIndex((scope) => scope.number === number) === index)
    .flatMap(keyFiles);
  return {
    env: { GIT_SSH_COMMAND: `sh ${shellQuote(`${folder}/ssh`)}`, GIT_SSH_VARIANT: "ssh" },
    files: [{ name: "ssh", mode: 0o600, content }, ...files],
  };
}

/** git calls `ssh [-o OPTION] [-p PORT] [-4|-6] [USER@]HOST "git-upload-pack 'PATH'"` (connect.c, push_ssh_options). */
export const READ_ARGUMENTS = `port=22 option= host= path=
for word in "$@"; do
  case $option in
  -p) port=$word option= ;;
  -o) option= ;;
  *)
    case $word in
    -p | -o) option=$word ;;
    -*) ;;
    *) [ -z "$host" ] && host=$word || path=$word ;;
    esac
    ;;
  esac
done
host=\${host##*@}
path=\${path#*\\'} path=\${path%\\'*} path=\${path#/} path=\${path#'~/'}
`;

/** The beginning of a shell `case` that holds for the host, port and path of this scope. */
export function scopeTest(prefix: string): string {
  const [, host = "", port = "22", encoded = ""] = /^ssh:\/\/(\[[^\]]*\]|[^/:]*)(?::(\d+))?\/(.*)$/.exec(prefix) ?? [];
  const path = decodeURIComponent(encoded).replace(/^~\//, "");
  const bare = path.replace(/(\.git|\/)$/, "");
  const below = `${shellQuote(`${bare}/`)}*`;
  const patterns =
    path === "" ? ["*"] : path.endsWith("/") ? [below] : [shellQuote(bare), shellQuote(`${bare}.git`), below];
  return `[ "$host:$port" = ${shellQuote(`${withoutBrackets(host)}:${port}`)} ] && case $path in ${patterns.join(" | ")})`;
}

function choice({ scope, folder, timeouts }: { scope: JobScope; folder: string; timeouts: Timeouts }): string {
  const { prefix, credential, number } = scope;
  const file = (ending: string): string => `${folder}/${number}.${ending}`;
  const passphrase = typeof credential.ssh === "object" && credential.ssh.passphrase !== undefined;
  const askpass = passphrase ? `SSH_ASKPASS=${shellQuote(file("askpass"))} SSH_ASKPASS_REQUIRE=force ` : "";
  const settings = {
    ...OWN_SETTINGS,
    ...timeSettings(timeouts),
    ...(passphrase ? { NumberOfPasswordPrompts: "1" } : { BatchMode: "yes" }),
    IdentityFile: fileName(file("key")),
    UserKnownHostsFile: fileName(file("known_hosts")),
    StrictHostKeyChecking: "yes",
  };
  return `${scopeTest(prefix)}
  ${askpass}exec $launcher ssh -F ${devNull} ${optionWords(settings)} "$@"
  ;;
esac
`;
}

export function optionWords(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-o ${shellQuote(`${name}=${value}`)}`)
    .join(" ");
}

function keyFiles({ credential, number }: JobScope): JobFile[] {
  if (typeof credential.ssh !== "object") return [];
  const { privateKey, passphrase } = credential.ssh;
  const files: JobFile[] = [
    { name: `${number}.key`, mode: 0o600, content: `${privateKey.replaceAll("\r", "").trim()}\n` },
    { name: `${number}.known_hosts`, mode: 0o644, content: `${credential.knownHosts ?? ""}\n` },
  ];
  if (passphrase === undefined) return files;
  const program = `#!/bin/sh\ncase $1 in *assphrase*) IFS= read -r line < "\${0%.askpass}.passphrase" && printf '%s\\n' "$line" ;; *) exit 1 ;; esac\n`;
  const content = `${passphrase}\n`;
  return [
    ...files,
    { name: `${number}.passphrase`, mode: 0o600, content },
    { name: `${number}.askpass`, mode: 0o700, content: program },
  ];
}
