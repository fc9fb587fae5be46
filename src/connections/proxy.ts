import { proxyPasswords } from "../lib/index.ts";
import type { Credential } from "./credential.ts";

/** The credential with a proxy, whose password is masked like any other; as it is when there is none. */
export function withProxy(credential: Credential, proxy: string | undefined): Credential {
  if (proxy === undefined) return credential;
  return { ...credential, proxy, secretValues: [...credential.secretValues, ...proxyPasswords(proxy)] };
}
