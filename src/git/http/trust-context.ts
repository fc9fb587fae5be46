import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";

const contexts = new Map<string, SecureContext>();

/** A list of certificate authorities as OpenSSL wants it; made once per list, for it takes time. */
export function trustContext(certificates: string): SecureContext {
  let context = contexts.get(certificates);
  if (context === undefined) {
    context = onTopOfRoots(certificates) ?? createSecureContext({ ca: certificates });
    contexts.set(certificates, context);
  }
  return context;
}

/** What Node's binding of OpenSSL has to offer; Node gives a context a store of its own before it adds to it. */
interface Handle {
  addCACert?: (pem: string) => void;
}

/**
 * Node's own roots, which it has at hand, and the rest of the list read on top of them: half of the time that reading them all takes.
 * Undefined where the list is none of these, or where Node was told to trust others than its roots.
 */
function onTopOfRoots(certificates: string): SecureContext | undefined {
  const roots = rootCertificates.join("\n");
  if (trustsOthers() || !certificates.startsWith(roots)) return undefined;
  const context = createSecureContext();
  const handle = context.context as Handle;
  const rest = certificates.slice(roots.length).trim();
  if (rest === "") return context;
  if (handle.addCACert === undefined) return undefined;
  handle.addCACert(rest);
  return context;
}

/** What Node itself was started with, which no caller of ours can change. */
function trustsOthers(): boolean {
  // oxlint-disable-next-line node/no-process-env -- not ours to be given: Node has read it already
  const { NODE_EXTRA_CA_CERTS, NODE_USE_SYSTEM_CA, NODE_OPTIONS = "" } = process.env;
  return (
    Boolean(NODE_EXTRA_CA_CERTS) ||
    Boolean(NODE_USE_SYSTEM_CA) ||
    /-ca\b/.test([NODE_OPTIONS, ...process.execArgv].join(" "))
  );
}
