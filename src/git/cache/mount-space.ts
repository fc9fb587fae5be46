import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, type FileHandle } from "node:fs/promises";
import { runCommand, SYSTEM_ENV } from "./mount-command.ts";
import { mountFolderOf, overlayOptions, UNWRITABLE, type Mount } from "./mounts.ts";

/**
 * Where an ordinary user may mount: a mount namespace in a user namespace of its own (user_namespaces(7); overlay there since Linux 5.11). Only processes that are
 * started in it see what is mounted. It is made with the first mount, and is gone with `close` and the last process in it; when this process is killed, too.
 */
export interface MountSpace {
  /** Mounts the overlay in it. Gives why that is not possible here; undefined when it is mounted. */
  mount: (mount: Mount) => Promise<string | undefined>;
  /** The words that start a command in it, as the same user and with no more rights, in this folder; undefined while nothing is mounted. */
  enter: (command: readonly string[], folder: string) => string[] | undefined;
  /** What keeps a command from being started in it: asked where `enter` gives words. */
  examine: (command: MountSpaceCommand) => Promise<"no folder" | "no program" | "not executable" | undefined>;
  close: () => Promise<void>;
}

export interface MountSpaceCommand {
  program: string;
  folder: string;
  /** PATH of the command. */
  path: string | undefined;
}

/** Of util-linux 2.36 or newer; the job's own PATH need not have them. */
const UNSHARE = "/usr/bin/unshare";
const NSENTER = "/usr/bin/nsenter";

/** Open files keep namespaces alive without a process in them. */
interface Namespaces {
  user: FileHandle;
  mounts: FileHandle;
}

export function openMountSpace(): MountSpace {
  let making: Promise<Namespaces | string> | undefined;
  let used: Namespaces | undefined;

  async function mount(wanted: Mount): Promise<string | undefined> {
    const options = overlayOptions(wanted);
    if (options === undefined) return UNWRITABLE;
    const made = await (making ??= makeNamespaces());
    if (typeof made === "string") return made;
    const words = ["sh", "-c", MOUNT, "sh", mountFolderOf(wanted.target), `userxattr,${options}`, wanted.target];
    const { code, said } = await runCommand(asRoot(made, words));
    if (code !== 0) return said;
    used = made;
    return undefined;
  }

  return {
    mount,
    enter: (command, folder) => used && asUser(used, command, folder),
    async examine({ program, folder, path = "" }) {
      if (used === undefined) return undefined;
      const words = asUser(used, ["/bin/sh", "-c", EXAMINE, "sh", folder, program], "/");
      const { code } = await runCommand(words, { PATH: path });
      return ANSWERS[code];
    },
    async close() {
      const made = await making;
      if (made === undefined || typeof made === "string") return;
      await Promise.all([made.user.close(), made.mounts.close()]);
    },
  };
}

/**
 * Arguments: the folder beside the target, options, target. A file system without extended attributes mounts, but then a folder that was removed cannot be
 * made again: so that is tried first.
 */
const MOUNT = `
trial=$1/trial
try() {
  mkdir -p "$trial/lower/folder" "$trial/upper" "$trial/work" "$trial/at" &&
    mount -t overlay -o "userxattr,lowerdir=$trial/lower,upperdir=$trial/upper,workdir=$trial/work" bowline "$trial/at" &&
    rmdir "$trial/at/folder" && mkdir "$trial/at/folder"
}
try
tried=$?
umount "$trial/at" 2>/dev/null
rm -rf "$trial"
[ "$tried" = 0 ] || exit 1
exec mount -t overlay -o "$2" bowline "$3"
`;

/** By the exit code of EXAMINE. */
const ANSWERS: Readonly<Record<number, "no folder" | "no program" | "not executable">> = {
  3: "no folder",
  4: "no program",
  5: "not executable",
};

/** Arguments: folder, program. */
const EXAMINE = `
cd -- "$1" 2>/dev/null || exit 3
case $2 in
*/*) [ -e "$2" ] || exit 4; [ -x "$2" ] || exit 5 ;;
*) command -v -- "$2" >/dev/null || exit 4 ;;
esac
`;

/** Gives why they cannot be had here. */
async function makeNamespaces(): Promise<Namespaces | string> {
  if (process.platform !== "linux") return "only Linux has overlay";
  const words = ["--user", "--map-root-user", "--mount", "--propagation", "slave", "--", "sh", "-c", "echo; read -r _"];
  const holder = spawn(UNSHARE, words, { env: SYSTEM_ENV, cwd: "/", stdio: ["pipe", "pipe", "pipe"], detached: true });
  const absent = once(holder, "error").then(([error]) => (error as Error).message);
  if (holder.pid === undefined) return absent;
  let said = "";
  holder.stderr.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-1000)));
  holder.stdin.on("error", () => {});
  const failed = once(holder, "close").then(
    () => said.trim() || "no user namespace can be made",
    (error: Error) => error.message,
  );
  try {
    const refused = await Promise.race([failed, once(holder.stdout, "data").then(() => undefined)]);
    if (refused !== undefined) return refused;
    const user = await open(`/proc/${holder.pid}/ns/user`);
    const mounts = await open(`/proc/${holder.pid}/ns/mnt`);
    // an older unshare cannot give the user its own number again
    const { code, said: why } = await runCommand(asUser({ user, mounts }, ["true"], "/"));
    if (code === 0) return { user, mounts };
    await Promise.all([user.close(), mounts.close()]);
    return why;
  } catch (error) {
    return (error as Error).message;
  } finally {
    holder.stdin.end();
  }
}

/** In the namespaces, with every right over them. */
function asRoot({ user, mounts }: Namespaces, command: readonly string[]): string[] {
  const place = ({ fd }: FileHandle): string => `/proc/${process.pid}/fd/${fd}`;
  const enter = [`--user=${place(user)}`, `--mount=${place(mounts)}`, "--preserve-credentials"];
  return [NSENTER, ...enter, "--", ...command];
}

/** A second user namespace gives the user its own number again, and has no right over the mounts. */
function asUser(namespaces: Namespaces, command: readonly string[], folder: string): string[] {
  const ids = [`--map-user=${process.getuid?.()}`, `--map-group=${process.getgid?.()}`];
  return asRoot(namespaces, [UNSHARE, "--user", ...ids, `--wd=${folder}`, "--", ...command]);
}
