import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BowlineError, runProgram } from "../../lib/index.ts";
import { sshProblem } from "./ssh-errors.ts";
import { openSsh, type SshOptions } from "./ssh.ts";

/** A host's key as it was shown to us; whether it is the host's own is for the user to compare. */
export interface HostKey {
  /** For known_hosts, without newline. */
  line: string;
  /** `ssh-ed25519` and so on. */
  type: string;
  /** `SHA256:…`, as forges publish it. */
  fingerprint: string;
}

/** Asks the url's host for its key, the way a fetch would go (port, proxy), without offering any key of ours. */
export async function readHostKeys(options: Omit<SshOptions, "hostKeys">): Promise<HostKey[]> {
  const { url, credential, connection } = options;
  const asking = credential === undefined ? undefined : { ...credential };
  delete asking?.ssh;
  delete asking?.knownHosts;
  const access = await openSsh({ ...options, credential: asking, hostKeys: "keep" });
  try {
    const login = url.user === undefined ? url.host : `${url.user}@${url.host}`;
    const host = login.replace(/\[|\]/g, "");
    const words = [...(url.port === undefined ? [] : ["-p", String(url.port)]), "--", host, "exit"];
    const command = `${access.env["GIT_SSH_COMMAND"]} "$@"`;
    const { stderr } = await runProgram("sh", ["-c", command, "sh", ...words], { more: { LC_ALL: "C" } });
    const kept = (await readFile(join(access.folder, "known_hosts"), "utf8"))
      .split("\n")
      .filter((line) => line.trim() !== "");
    if (kept.length === 0) {
      const problem = sshProblem(stderr, { url, connection, withKey: false });
      throw new BowlineError(
        problem ?? {
          code: "GIT_PROTOCOL",
          message: `"${url.host}" shows no ssh host key`,
          hint: "check the host and port in the url",
        },
      );
    }
    return kept.map(hostKey);
  } finally {
    await access.close();
  }
}

function hostKey(line: string): HostKey {
  const [, type = "", blob = ""] = line.split(" ");
  const digest = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64");
  return { line, type, fingerprint: `SHA256:${digest.replace(/=+$/, "")}` };
}
