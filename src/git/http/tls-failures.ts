import { errnoOf } from "../../lib/index.ts";

/** What is wrong with a TLS connection. */
export interface TlsCause {
  what: (host: string, cause: unknown) => string;
  hint: string;
}

/** Why a TLS connection is not acceptable, from the code and the words of Node's error; undefined where it is no matter of TLS. */
export function tlsCause(errno: string, cause: unknown): TlsCause | undefined {
  return TLS_CAUSES[errno] ?? (/^ERR_(SSL|TLS)_|^EPROTO$|^CERT_/.test(errno) ? otherTls(cause) : undefined);
}

const UNKNOWN_AUTHORITY: TlsCause = {
  what: () => "its certificate is self-signed or signed by an authority that is not known here",
  hint: "put the authority's certificate into the connection's secret as ca.crt, or name a bundle with SSL_CERT_FILE",
};

const TLS_CAUSES: Record<string, TlsCause | undefined> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_REJECTED: {
    what: () =>
      `its certificate is self-signed, signed by an authority that is not known here, has expired or is not valid yet (this machine's clock says ${new Date().toISOString()})`,
    hint: "put the authority's certificate into the connection's secret as ca.crt, or name a bundle with SSL_CERT_FILE; for an expired one ask whoever runs the host",
  },
  CERT_HAS_EXPIRED: {
    what: () => `its certificate has expired (this machine's clock says ${new Date().toISOString()})`,
    hint: "ask whoever runs the host to renew it, or set this machine's clock",
  },
  CERT_NOT_YET_VALID: {
    what: () => `its certificate is not valid yet (this machine's clock says ${new Date().toISOString()})`,
    hint: "set this machine's clock",
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: (host, cause) => `its certificate is not for "${host}" but for ${namesOf(cause)}`,
    hint: "use the host name that the certificate has",
  },
};

/** The names in a certificate, of which there may be hundreds. */
function namesOf(cause: unknown): string {
  const { cert } = cause as { cert?: { subjectaltname?: string } };
  const names = (cert?.subjectaltname ?? "").split(", ").map((name) => name.replace(/^(DNS|IP Address):/, ""));
  const shown = names.filter((name) => /^[\w.*:-]+$/.test(name)).slice(0, 4);
  return shown.length === 0 ? "no host at all" : shown.map((name) => `"${name}"`).join(", ");
}

function otherTls(cause: unknown): TlsCause {
  const text = cause instanceof Error ? cause.message : "";
  const known = OTHER.find(({ words }) => words.test(text));
  if (known !== undefined) return known;
  // OpenSSL names the function, which newer ones leave out, and then the reason
  const reason = /routines:\w*:([^:]+)/.exec(text)?.[1] ?? /:([a-z][^:]*)(?::|$)/i.exec(text)?.[1];
  return { what: () => (reason ?? errnoOf(cause) ?? "unknown").trim(), hint: "check the server's TLS configuration" };
}

const NO_CLIENT_CERTIFICATE = "Bowline has no client certificate: ask for a way in by token, or use an ssh url";

/** OpenSSL's and GnuTLS's words, mostly for an alert that the server sent (RFC 8446, section 6.2). */
const OTHER: (TlsCause & { words: RegExp })[] = [
  {
    words: /wrong version number|packet length too long|http request/i,
    what: () => "it does not speak TLS at this port",
    hint: "check the port, and whether the url is http://",
  },
  {
    words: /certificate.?required/i,
    what: () => "it asks for a client certificate",
    hint: NO_CLIENT_CERTIFICATE,
  },
  {
    words: /handshake.?failure/i,
    what: () =>
      "it refuses the handshake: it asks for a client certificate, or has no cipher in common with this machine",
    hint: `check the server's TLS configuration. ${NO_CLIENT_CERTIFICATE}`,
  },
  {
    words: /unrecognized.?name/i,
    what: (host) => `it does not know the name "${host}"`,
    hint: "use the host name that the server has a certificate for",
  },
  {
    words: /alert protocol version|unsupported protocol/i,
    what: () => "it speaks TLS older than 1.2 only",
    hint: "ask whoever runs the server to allow TLS 1.2",
  },
];
