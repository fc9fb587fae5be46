import { shellQuote } from "../../lib/index.ts";
import { mountFolderOf, overlayOptions, type Mount } from "./mounts.ts";

/** A script that mounts the target for one more command. `index=on`: refused as long as the run's own processes write to it. */
export function openScript(mount: Mount): string {
  const options = `userxattr,index=on,${overlayOptions(mount)}`;
  return `#!/bin/sh
# The files of this folder were mounted for the processes of one run only (mount: true). When the run is over, this opens them again:
#   sh open.sh              a shell in this folder
#   sh open.sh ls -l        a command in it
# What the run changed lies in ${mountFolderOf(mount.target)}/upper.
[ $# -gt 0 ] || set -- "\${SHELL:-/bin/sh}"
exec unshare --user --map-root-user --mount -- sh -c '
PATH=/usr/sbin:/usr/bin:/sbin:/bin mount -t overlay -o "$1" bowline "$2" || exit 1
user=$3 group=$4 folder=$2
shift 4
exec unshare --user --map-user="$user" --map-group="$group" --wd="$folder" -- "$@"
' sh ${shellQuote(options)} ${shellQuote(mount.target)} "$(id -u)" "$(id -g)" "$@"
`;
}
