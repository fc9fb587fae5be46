import { shellQuote } from "../../lib/index.ts";

/**
 * A credential helper in nothing but `sh` that reads a mounted secret as `credentialFromSecret` does: `POLYAXON_GIT_CREDENTIALS` (a token,
 * `:TOKEN` or `user:password`), else `username` and `password`. It is the value of a variable, which each of git's settings names.
 */
export function mountedHelper(variable: string, { folder, username }: { folder: string; username: string }) {
  // Of Bitbucket's tokens the prefix tells which name goes with them.
  const name =
    username === "x-token-auth"
      ? "case $p in ATATT*) u=x-bitbucket-api-token-auth ;; *) u=x-token-auth ;; esac"
      : `u=${shellQuote(username)}`;
  const script = [
    '[ "$1" = get ] || exit 0',
    `cd ${shellQuote(folder)} || exit 1`,
    "r=$(printf '\\r')",
    "c= u= p=",
    "if [ -f POLYAXON_GIT_CREDENTIALS ]",
    "then IFS= read -r c < POLYAXON_GIT_CREDENTIALS",
    'c=${c%"$r"}',
    "case $c in :*) p=${c#:} ;; *:*) u=${c%%:*} p=${c#*:} ;; *) p=$c ;; esac",
    "else [ ! -f username ] || IFS= read -r u < username",
    "IFS= read -r p < password",
    'u=${u%"$r"} p=${p%"$r"}',
    "fi",
    `[ -n "$u" ] || ${name}`,
    'printf \'username=%s\\npassword=%s\\n\' "$u" "$p"',
  ];
  return { value: script.join("; "), setting: `!sh -c "$${variable}" helper` };
}
