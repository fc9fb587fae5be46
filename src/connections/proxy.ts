import type { Credential } from "./credential.ts";

/** The credential with a proxy, whose password is masked like any other; as it is when there is none. */
export function withProxy(credential: Credential, proxy: string | undefined): Credential {
  if (proxy === undefined) return credential;
  return { ...credential, proxy, secretValues: [...credential.secretValues, ...passwordOf(proxy)] };
}

/** The password in a proxy url, as it is written and decoded. */
function passwordOf(proxy: string): string[] {
  const written = /^[a-z0-9+]+:\/\/[^/?#]*?:([^/?#]*)@/i.exec(proxy)?.[1];
  if (!written) return [];
  try {
    return [...new Set([written, decodeURIComponent(written)])];
  } catch {
    return [written];
  }
}
