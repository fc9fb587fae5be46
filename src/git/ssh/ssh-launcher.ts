import { userInfo } from "node:os";
import { execa } from "execa";
import { BowlineError, type GitUrl } from "../../lib/index.ts";

/** In a user namespace of its own ssh takes itself for root, whom the system knows; files and network stay as they are. */
const LAUNCHER = ["unshare", "--user", "--map-root-user", "--"] as const;

/**
 * The words to start ssh with: OpenSSH stops with "No user exists for uid" when the system has no name for the user id (as in many containers).
 * None for a user id with a name. Throws SSH_USER_UNKNOWN where user namespaces are not allowed.
 */
export async function launcherFor(url: GitUrl): Promise<readonly string[]> {
  try {
    userInfo();
    return [];
  } catch {
    const [command, ...words] = LAUNCHER;
    const { failed } = await execa(command, [...words, "true"], { reject: false });
    if (!failed) return LAUNCHER;
    throw new BowlineError({
      code: "SSH_USER_UNKNOWN",
      message: `ssh cannot be used for "${url.text}": the system has no name for the user id ${process.getuid?.()}`,
      hint: "give the user id an entry in /etc/passwd, allow user namespaces, or use an https url with a token",
    });
  }
}

/**
 * The same choice for a script of `sh`, made where and as whom the script runs: lines that set `launcher`, for `exec $launcher ssh`.
 * ssh looks for its user's name before anything else, so that `ssh -V` ends with its 255 without one; where namespaces are not allowed, ssh itself says why.
 */
export const CHOOSE_LAUNCHER = `launcher=
ssh -V 2>/dev/null
if [ $? = 255 ] && ${LAUNCHER.join(" ")} true 2>/dev/null; then launcher='${LAUNCHER.join(" ")}'; fi
`;
