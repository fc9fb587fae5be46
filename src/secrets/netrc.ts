/** A user name and password of a .netrc file. */
export interface NetrcLogin {
  username: string;
  password: string;
}

/**
 * The login a .netrc file has for a host: that of the first `machine` of this name, or of `default` after them. The format
 * is that of ftp(1) with curl's quoted words; git sends such a login by way of curl.
 */
export function netrcLogin(text: string, host: string): NetrcLogin | undefined {
  let found: Partial<NetrcLogin> | undefined;
  const words = wordsOf(text);
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    if (word === "machine" || word === "default") {
      if (isWhole(found)) return found;
      const name = word === "machine" ? words[++index] : undefined;
      found = word === "default" || name?.toLowerCase() === host.toLowerCase() ? {} : undefined;
    } else if (word === "login" || word === "password" || word === "account") {
      const value = words[++index];
      if (found === undefined || value === undefined) continue;
      if (word === "login") found.username = value;
      if (word === "password") found.password = value;
    }
  }
  return isWhole(found) ? found : undefined;
}

function isWhole(login: Partial<NetrcLogin> | undefined): login is NetrcLogin {
  return login?.username !== undefined && login.password !== undefined;
}

function wordsOf(text: string): string[] {
  const words: string[] = [];
  let macro = false;
  for (const line of text.split(/\r?\n/)) {
    // A macro goes on to the next empty line.
    if (macro) {
      macro = line.trim() !== "";
      continue;
    }
    for (const [word] of line.matchAll(/"(?:\\.|[^"\\])*"|\S+/g)) {
      if (word.startsWith("#")) break;
      if (word === "macdef") {
        macro = true;
        break;
      }
      words.push(word.startsWith('"') && word.length > 1 ? unquoted(word) : word);
    }
  }
  return words;
}

function unquoted(word: string): string {
  const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };
  return word.slice(1, -1).replace(/\\(.)/g, (_, char: string) => escapes[char] ?? char);
}
