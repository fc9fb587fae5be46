import type { ErrorCode, GitUrl, ProblemInput } from "../../lib/index.ts";
import { trustHint } from "./trust-hint.ts";

export interface SshFailure {
  url: GitUrl;
  connection?: string | undefined;
  /** Whether a key was offered. */
  withKey: boolean;
}

/**
 * What the output of git over ssh (in the C locale) says went wrong, by the words of OpenSSH's client and of the well-known forges;
 * undefined when none of them is in it.
 */
export function sshProblem(stderr: string, failure: SshFailure): ProblemInput | undefined {
  const row = TABLE.find(({ words }) => words.test(stderr));
  if (row === undefined) return undefined;
  const { url, connection } = failure;
  const code = row.code === "GIT_CREDENTIAL_REFUSED" && !failure.withKey ? "GIT_CREDENTIAL_MISSING" : row.code;
  const message = `cannot read "${url.text}" over ssh: ${row.what(failure)}`;
  return { code, message, hint: row.hint(failure), ...(connection === undefined ? {} : { connection }) };
}

interface Row {
  words: RegExp;
  code: ErrorCode;
  what: (failure: SshFailure) => string;
  hint: (failure: SshFailure) => string;
}

const port = ({ url }: SshFailure): string => `${url.host}:${url.port ?? 22}`;

/** The first that matches counts: the cause is often said before the consequence. */
const TABLE: Row[] = [
  {
    words: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: "SSH_HOST_KEY_CHANGED",
    what: ({ url }) => `"${url.host}" shows another host key than known_hosts has`,
    hint: ({ connection }) =>
      `ask whoever runs the host whether its key was changed; only then ${trustHint(connection)}`,
  },
  {
    words: /Host key verification failed|host key is known for/,
    code: "SSH_HOST_KEY_UNKNOWN",
    what: ({ url }) => `the host key of "${url.host}" is not in known_hosts`,
    hint: ({ connection }) => trustHint(connection),
  },
  {
    words: /no matching host key type/,
    code: "SSH_HOST_KEY_UNKNOWN",
    what: ({ url }) => `"${url.host}" has no host key of a type that is accepted here`,
    hint: ({ connection }) => trustHint(connection),
  },
  {
    words: /no matching (key exchange|cipher|MAC)|Unable to negotiate/,
    code: "GIT_PROTOCOL",
    what: ({ url }) => `"${url.host}" and this ssh have no algorithm in common`,
    hint: () => "update the ssh server, or ssh here",
  },
  {
    words: /Load key .*(incorrect passphrase|invalid format|error in libcrypto)|bad permissions/,
    code: "SSH_KEY_INVALID",
    what: () => "the ssh key cannot be read",
    hint: () => 'store the key file again, and its passphrase as the key "passphrase" of the secret',
  },
  {
    words: /Permission denied \(|Too many authentication failures|sign_and_send_pubkey/,
    code: "GIT_CREDENTIAL_REFUSED",
    what: ({ url, withKey }) =>
      withKey
        ? `"${url.host}" does not accept the key for user "${url.user ?? ""}"`
        : `"${url.host}" asks for an ssh key and there is none for this url`,
    hint: ({ withKey }) =>
      withKey
        ? "register the key's public half with the host, and check the user name in the url"
        : "put the private key into the connection's secret as ssh-privatekey",
  },
  {
    words: /Could not resolve hostname/,
    code: "HOST_NOT_FOUND",
    what: ({ url }) => `the name "${url.host}" cannot be resolved`,
    hint: () => "check the host name in the url",
  },
  {
    words: /timed out|not responding/i,
    code: "HOST_TIMEOUT",
    what: (failure) => `"${port(failure)}" does not answer in time`,
    hint: () => "check the host and port, and whether a firewall lets ssh through",
  },
  {
    words: /Connection refused|No route to host|Network is unreachable/,
    code: "HOST_REFUSED",
    what: (failure) => `"${port(failure)}" refuses the connection`,
    hint: () => "check the host and port in the url",
  },
  {
    words: /No user exists for uid/,
    code: "SSH_USER_UNKNOWN",
    what: () => "ssh refuses to work for a user id that the system has no name for",
    hint: () => "give the user id an entry in /etc/passwd, or use an https url with a token",
  },
  {
    words:
      /access denied|not (been )?granted access|permission to .* denied|not allowed to|you do not have permission/i,
    code: "GIT_ACCESS_DENIED",
    what: () => "the key is known but may not read this repository",
    hint: () => "give the key's owner read access to the repository",
  },
  {
    words:
      /repository .*not (be )?found|not appear to be a git repository|could ?n[o']t be found|repository .*does not exist|no such (repository|project)/i,
    code: "GIT_REPOSITORY_NOT_FOUND",
    what: () => "the server has no such repository, or shows it to others only",
    hint: () => "check the path in the url, and whether the key may read the repository",
  },
  {
    words: /bad line length|protocol error|shell access|account is currently not available|command not found/i,
    code: "GIT_PROTOCOL",
    what: ({ url }) => `"${url.host}" answers, but not as a git server`,
    hint: () => "check the user name and path in the url; a login script on the server may print text",
  },
  {
    words: /Connection (closed|reset)|kex_exchange_identification|Broken pipe|banner exchange/,
    code: "HOST_REFUSED",
    what: (failure) => `"${port(failure)}" ends the connection`,
    hint: () => "check that an ssh server listens on this port, and whether it limits connections",
  },
];
