import { shellQuote } from "../../lib/index.ts";
import type { JobFile, JobScope } from "./job-scope.ts";

/** A credential helper (gitcredentials(7)) in nothing but `sh`: it says what is in the file, and forgets and stores nothing. */
export function credentialHelper(file: string): string {
  return `!f() { [ "$1" = get ] && while IFS= read -r line; do printf '%s\\n' "$line"; done < ${shellQuote(file)}; }; f`;
}

/**
 * For a git before 2.31, which does not read GIT_CONFIG_COUNT: a program that git asks for user name and password. git names only the host to it, so
 * of several credentials on one host the first answers, and for the whole host.
 */
export function oldGitAskpass(scopes: readonly JobScope[], folder: string): JobFile | undefined {
  const hosts = new Map<string, number>();
  for (const { prefix, credential, number } of scopes) {
    const host = prefix.split("/", 3).join("/");
    if (credential.http?.kind === "basic" && !hosts.has(host)) hosts.set(host, number);
  }
  if (hosts.size === 0) return undefined;
  const cases = [...hosts].map(([host, number]) => {
    const [scheme, name] = host.split("//");
    const file = shellQuote(`${folder}/${number}.credential`);
    return `"Username for '${host}': ") say username ${file} ;;\n"Password for '${scheme}//"*"@${name}': ") say password ${file} ;;\n`;
  });
  const say =
    'say() {\n  while IFS= read -r line; do\n    case $line in "$1="*) printf \'%s\\n\' "${line#*=}" ;; esac\n  done < "$2"\n}\n';
  return {
    name: "askpass",
    mode: 0o700,
    content: `#!/bin/sh\n${say}case $1 in\n${cases.join("")}*) exit 1 ;;\nesac\n`,
  };
}
