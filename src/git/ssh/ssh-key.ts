import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Credential } from "../../connections/index.ts";
import { BowlineError, runProgram } from "../../lib/index.ts";

/** Where a private key was put, and the program that says its passphrase, where it has one. */
export interface SshKeyFile {
  file: string;
  askpass?: string;
}

/**
 * Writes the credential's key (mode 0600) into a private folder, in the form OpenSSH reads, and makes sure that it can be read:
 * SSH_KEY_INVALID says what is wrong with it before any server is asked.
 */
export async function writeSshKey(folder: string, credential: Credential): Promise<SshKeyFile> {
  const { ssh, source } = credential;
  if (typeof ssh !== "object") throw new TypeError("a credential without a key");
  const text = normalKey(ssh.privateKey);
  const problem = wrongKind(text);
  if (problem !== undefined) throw invalid(source, problem);
  const file = join(folder, "key");
  await writeFile(file, text, { mode: 0o600 });
  const key = ssh.passphrase === undefined ? { file } : { file, askpass: await writeAskpass(folder, ssh.passphrase) };
  await checkKey(key, credential);
  return key;
}

/** OpenSSH wants lines that end in LF, the last one too; forms and editors take these away. */
function normalKey(text: string): string {
  return `${text
    .replaceAll("\r", "")
    .replace(/^\uFEFF/, "")
    .trim()}\n`;
}

function wrongKind(text: string): [what: string, hint: string] | undefined {
  if (text.startsWith("PuTTY-User-Key-File")) {
    return ["is a PuTTY key", 'convert it: "puttygen key.ppk -O private-openssh -o key", and store that'];
  }
  if (/^(ssh-|ecdsa-|sk-)\S+ AAAA/.test(text))
    return ["is a public key", "store the private key, the file without .pub"];
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----\n/.test(text))
    return ["is not a private ssh key", "store the whole file, from -----BEGIN to -----END"];
  return undefined;
}

/** The passphrase is read from a file by a program, as ssh(1) offers: so it is in no argument and no environment. */
async function writeAskpass(folder: string, passphrase: string): Promise<string> {
  await writeFile(join(folder, "passphrase"), passphrase.replace(/\r?\n$/, ""), { mode: 0o600 });
  const program = join(folder, "askpass");
  await writeFile(program, '#!/bin/sh\ncase $1 in *assphrase*) exec cat "${0%/*}/passphrase" ;; esac\nexit 1\n', {
    mode: 0o700,
  });
  return program;
}

async function checkKey({ file, askpass }: SshKeyFile, { source, secret }: Credential): Promise<void> {
  const { exitCode, errno, stderr } = await runProgram("ssh-keygen", ["-y", "-f", file], {
    more: { SSH_ASKPASS: askpass ?? "false", SSH_ASKPASS_REQUIRE: "force", LC_ALL: "C" },
    timeout: 10_000,
  });
  // Without ssh-keygen there is no ssh either, or one that says it itself.
  if (exitCode === 0 || errno === "ENOENT" || /No user exists for uid/.test(stderr)) return;
  if (/incorrect passphrase/.test(stderr)) {
    throw invalid(
      source,
      askpass === undefined
        ? NO_PASSPHRASE
        : ["does not open with its passphrase", 'correct the key "passphrase" of the secret'],
    );
  }
  throw invalid(source, [
    "is damaged",
    `store the key file again: bowline secrets set ${secret ?? "NAME"} ssh-privatekey < FILE`,
  ]);
}

const NO_PASSPHRASE: [what: string, hint: string] = [
  "is encrypted and there is no passphrase",
  'add the key "passphrase" to the secret',
];

function invalid(source: string, [what, hint]: [what: string, hint: string]): BowlineError {
  return new BowlineError({ code: "SSH_KEY_INVALID", message: `the ssh key of ${source} ${what}`, hint });
}
