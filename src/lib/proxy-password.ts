/** A user name and password in a proxy's url, which may be without a scheme, as curl has it; the last "@" ends them, as it does for a browser. */
const USER_INFO = /^([a-z0-9+.-]+:\/\/)?([^/?#\s]*)@/i;

/** The same without user name and password. */
export function withoutUserInfo(proxy: string): string {
  return proxy.replace(USER_INFO, "$1***@");
}

/** The password in a proxy's url, as it is written and decoded. */
export function proxyPasswords(proxy: string): string[] {
  const written = /:(.*)/s.exec(USER_INFO.exec(proxy)?.[2] ?? "")?.[1];
  if (!written) return [];
  try {
    return [...new Set([written, decodeURIComponent(written)])];
  } catch {
    return [written];
  }
}
