import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { BowlineError, runProgram, type GitUrl } from "../../lib/index.ts";

/** In a user namespace of its own ssh takes itself for root, whom the system knows; files and network stay as they are. */
const NAMESPACE = ["unshare", "--user", "--map-root-user", "--"] as const;

/** https://cwrap.org/nss_wrapper.html: a library that answers the question for a user's name from a file. Our image has it. */
const WRAPPER = "libnss_wrapper.so";

/**
 * The words to start ssh with: OpenSSH stops with "No user exists for uid" when the system has no name for the user id (as in many containers).
 * None for a user id with a name. `folder` is a private one to write the user's name to. Throws SSH_USER_UNKNOWN where there is no way.
 */
export async function launcherFor(url: GitUrl, folder?: string): Promise<readonly string[]> {
  try {
    userInfo();
    return [];
  } catch {
    for (const launcher of [...(folder === undefined ? [] : [await wrapperIn(folder)]), NAMESPACE]) {
      const [command, ...words] = launcher;
      // ssh looks for its user's name before anything else, so that it does not get to its version without one.
      const { exitCode } = await runProgram(command!, [...words, "ssh", "-V"]);
      if (exitCode === 0) return launcher;
    }
    throw new BowlineError({
      code: "SSH_USER_UNKNOWN",
      message: `ssh cannot be used for "${url.text}": the system has no name for the user id ${process.getuid?.()}`,
      hint: "give the user id an entry in /etc/passwd, install libnss-wrapper, allow user namespaces, or use an https url with a token",
    });
  }
}

async function wrapperIn(folder: string): Promise<readonly string[]> {
  const { passwd, group } = { passwd: join(folder, "passwd"), group: join(folder, "group") };
  await writeFile(passwd, `bowline:x:${process.getuid?.()}:${process.getgid?.()}::/nonexistent:/bin/false\n`);
  await writeFile(group, `bowline:x:${process.getgid?.()}:\n`);
  return ["env", `LD_PRELOAD=${WRAPPER}`, `NSS_WRAPPER_PASSWD=${passwd}`, `NSS_WRAPPER_GROUP=${group}`];
}

/**
 * The same choice for a script of `sh`, made where and as whom the script runs: lines that set `launcher`, for `exec $launcher ssh`.
 * ssh looks for its user's name before anything else, so that `ssh -V` ends with its 255 without one; where namespaces are not allowed, ssh itself says why.
 */
export const CHOOSE_LAUNCHER = `launcher=
ssh -V 2>/dev/null
if [ $? = 255 ] && ${NAMESPACE.join(" ")} true 2>/dev/null; then launcher='${NAMESPACE.join(" ")}'; fi
`;
