import { devNull } from "node:os";
import type { Timeouts } from "../../config/index.ts";
import type { Credential } from "../../connections/index.ts";
import { shellQuote } from "../../lib/index.ts";
import { CHOOSE_LAUNCHER } from "../ssh/ssh-launcher.ts";
import { OWN_SETTINGS, timeSettings, userSettings } from "../ssh/ssh-settings.ts";
import { optionWords, READ_ARGUMENTS, scopeTest } from "./job-git-ssh.ts";
import type { JobScope } from "./job-scope.ts";

/**
 * git's ssh command for keys that are mounted: ssh wants a key that is its user's alone, which a mounted one cannot be for every user, so
 * each call reads it into a private folder of its own, in memory where there is any.
 */
export function mountedSsh(
  scopes: readonly JobScope[],
  { timeouts, folderOf }: { timeouts: Timeouts; folderOf: (credential: Credential) => string },
): Record<string, string> {
  const longestFirst = [...scopes].sort((one, other) => other.prefix.length - one.prefix.length);
  const settings = {
    ...OWN_SETTINGS,
    ...timeSettings(timeouts),
    NumberOfPasswordPrompts: "1",
    StrictHostKeyChecking: "yes",
  };
  const choices = longestFirst.map(
    ({ prefix, credential }) => `${scopeTest(prefix)}
  with ${shellQuote(folderOf(credential))} "$@"
  ;;
esac
`,
  );
  const script = `${CHOOSE_LAUNCHER}${READ_ARGUMENTS}
with() {
  s=$1; shift
  t=$(umask 077; mktemp -d /dev/shm/bowline.XXXXXX 2>/dev/null || mktemp -d) || exit 1
  trap 'rm -rf "$t"' EXIT
  trap 'exit 143' TERM INT HUP
  for k in "$s"/ssh-privatekey "$s"/id_ed25519 "$s"/id_ecdsa "$s"/id_rsa "$s"/id_*; do [ ! -f "$k" ] || break; done
  umask 077
  { tr -d '\\r' < "$k"; echo; } > "$t/key" || exit 1
  h=/dev/null
  [ ! -f "$s/known_hosts" ] || h=$s/known_hosts
  if [ -f "$s/passphrase" ]; then
    printf '#!/bin/sh\\nIFS= read -r l < "%s"; printf "%%s\\\\n" "$l"\\n' "$s/passphrase" > "$t/askpass"
    chmod 700 "$t/askpass"
    export SSH_ASKPASS="$t/askpass" SSH_ASKPASS_REQUIRE=force
  fi
  $launcher ssh -F ${devNull} ${optionWords(settings)} -o "IdentityFile=$t/key" -o "UserKnownHostsFile=$h" "$@"
  exit
}
${choices.join("")}exec $launcher ssh ${optionWords(userSettings(timeouts))} "$@"
`;
  return { GIT_SSH_COMMAND: `sh -c ${shellQuote(script)} ssh`, GIT_SSH_VARIANT: "ssh" };
}
