import { execa } from "execa";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

/** What is wrong with a server's certificate, if anything. */
export type CertificateKind = "good" | "wrong-host" | "expired" | "not-yet-valid" | "self-signed";

export interface Certificate {
  key: string;
  cert: string;
  /** What must be trusted for it (for `self-signed`, the certificate itself would do). */
  ca: string;
  /** A file with `ca`. */
  caFile: string;
}

const made = new Map<string, Promise<Certificate>>();
let authority: Promise<{ folder: string; ca: string }> | undefined;

/** A certificate for 127.0.0.1 to 127.0.0.9 and localhost, signed by an authority that nobody trusts yet. */
export function certificate(kind: CertificateKind = "good"): Promise<Certificate> {
  let promise = made.get(kind);
  if (promise === undefined) made.set(kind, (promise = make(kind)));
  return promise;
}

async function make(kind: CertificateKind): Promise<Certificate> {
  const { folder, ca } = await (authority ??= makeAuthority());
  const file = (ending: string): string => join(folder, `${kind}.${ending}`);
  const loopback = Array.from({ length: 9 }, (_, index) => `IP:127.0.0.${index + 1}`);
  const names =
    kind === "wrong-host" ? "DNS:elsewhere.example" : ["DNS:localhost", "DNS:git.test", ...loopback].join(",");
  await openssl(folder, [
    "req",
    "-new",
    ...NEW_KEY,
    "-keyout",
    file("key"),
    "-out",
    file("csr"),
    "-subj",
    "/CN=bowline test server",
  ]);
  await writeFile(
    file("ext"),
    `subjectAltName=${names}\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n`,
  );
  const [from, until] = VALIDITY[kind] ?? ["20200101000000Z", "20991231000000Z"];
  const signer = kind === "self-signed" ? ["-selfsign", "-keyfile", file("key")] : [];
  const signing = [
    "ca",
    "-batch",
    "-notext",
    "-config",
    "ca.conf",
    "-extfile",
    file("ext"),
    "-in",
    file("csr"),
    "-out",
    file("cert"),
  ];
  await openssl(folder, [...signing, "-startdate", from, "-enddate", until, ...signer]);
  return {
    key: await readFile(file("key"), "utf8"),
    cert: await readFile(file("cert"), "utf8"),
    ca,
    caFile: join(folder, "ca.crt"),
  };
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

const VALIDITY: Partial<Record<CertificateKind, [from: string, until: string]>> = {
  expired: ["20200101000000Z", "20200102000000Z"],
  "not-yet-valid": ["20980101000000Z", "20991231000000Z"],
};

async function makeAuthority(): Promise<{ folder: string; ca: string }> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "new"));
  await writeFile(join(folder, "index.txt"), "");
  await writeFile(join(folder, "ca.conf"), CA_CONFIG);
  const extensions = [
    "-addext",
    "basicConstraints=critical,CA:TRUE",
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
  ];
  const request = [
    "req",
    "-x509",
    ...NEW_KEY,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "3650",
    "-subj",
    "/CN=bowline test authority",
  ];
  await openssl(folder, [...request, ...extensions]);
  return { folder, ca: await readFile(join(folder, "ca.crt"), "utf8") };
}

const CA_CONFIG = `[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = new
certificate = ca.crt
private_key = ca.key
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`;

async function openssl(cwd: string, args: string[]): Promise<void> {
  await execa("openssl", args, { cwd, env: { ...process.env, OPENSSL_CONF: "/dev/null" }, extendEnv: false });
}
