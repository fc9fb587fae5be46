import { createSecureContext, type SecureContext } from "node:tls";

const contexts = new Map<string, SecureContext>();

/** A list of certificate authorities as OpenSSL wants it; made once per list, for it takes 25 ms. */
export function trustContext(certificates: string): SecureContext {
  let context = contexts.get(certificates);
  if (context === undefined) contexts.set(certificates, (context = createSecureContext({ ca: certificates })));
  return context;
}
