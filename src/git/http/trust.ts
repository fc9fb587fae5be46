import { createHash, randomUUID } from "node:crypto";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BowlineError, errnoOf, makePrivateFolder, writeError } from "../../lib/index.ts";
import type { Network } from "../../config/index.ts";

/** Where systems keep their bundle: Debian, Fedora, SUSE, Alpine and macOS. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

let system: Promise<string> | undefined;

/**
 * All certificate authorities that are trusted, as one PEM text: Node's roots, the system's bundle, SSL_CERT_FILE and the credential's `ca.crt`.
 * The same list serves our own requests and git. NODE_EXTRA_CA_CERTS is not in it: git would not know it.
 */
export async function trustedCertificates(network: Network, ca: string | undefined): Promise<string> {
  const { rootCertificates } = await import("node:tls");
  const texts = [rootCertificates.join("\n"), await (system ??= systemBundle())];
  if (network.certificateFile !== undefined) texts.push(await readBundle(network.certificateFile));
  if (ca !== undefined) texts.push(ca);
  const unique = new Map<string, string>();
  for (const pem of texts.join("\n").match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []) {
    // The same one is wrapped in other places elsewhere.
    unique.set(pem.replaceAll("\n", "").replaceAll("\r", ""), pem);
  }
  return `${[...unique.values()].join("\n")}\n`;
}

/** The list as a file for git's http.sslCAInfo. It holds nothing secret; it is written once per content, below `folder`. */
export async function certificateFile(certificates: string, folder: string): Promise<string> {
  const path = join(folder, `certificates-${hashOf(certificates)}.pem`);
  if ((await stat(path).catch(() => undefined))?.size === Buffer.byteLength(certificates)) return path;
  // Steps that are fetched side by side write it at the same time.
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await makePrivateFolder(folder);
    await writeFile(temporary, certificates, { mode: 0o644 });
    await rename(temporary, path);
  } catch (cause) {
    throw writeError(path, cause);
  }
  return path;
}

async function systemBundle(): Promise<string> {
  for (const path of SYSTEM_BUNDLES) {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text !== undefined) return text;
  }
  return "";
}

async function readBundle(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new BowlineError(
      {
        code: "FILE_NOT_READ",
        message: `the certificates in "${path}", which SSL_CERT_FILE names, cannot be read (${errnoOf(cause)})`,
        hint: "correct SSL_CERT_FILE, or unset it",
      },
      { cause },
    );
  });
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 24);
}
