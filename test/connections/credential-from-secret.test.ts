import { describe, expect, test } from "vitest";
import { credentialFromSecret, type CredentialSource } from "../../src/connections/index.ts";
import { BowlineError } from "../../src/lib/index.ts";

const KEY = "POLYAXON_GIT_CREDENTIALS";

function credential(values: Record<string, string | Buffer>, more: Partial<CredentialSource> = {}) {
  const data = new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
  return credentialFromSecret({
    data,
    secret: "git-secret",
    host: "git.example",
    scope: "https://git.example/org/",
    source: 'connection "repo"',
    ...more,
  });
}

function problem(act: () => unknown): BowlineError {
  try {
    act();
  } catch (error) {
    if (error instanceof BowlineError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("POLYAXON_GIT_CREDENTIALS", () => {
  test.each([
    ["user:password", "user", "password"],
    ["user:pass:word", "user", "pass:word"],
    ["user:p@ss/w#r%d? +&:~", "user", "p@ss/w#r%d? +&:~"],
    ["us er@corp/x#%?:p", "us er@corp/x#%?", "p"],
    ["user: leading and trailing ", "user", " leading and trailing "],
    ["user:", "user", ""],
    ["user:pässwörd", "user", "pässwörd"],
    ["token", "oauth2", "token"],
    ["t@k/e#n%? +", "oauth2", "t@k/e#n%? +"],
    [":to:ken", "oauth2", "to:ken"],
    ["token\n", "oauth2", "token"],
    ["token\r\n", "oauth2", "token"],
    ["user:password\n", "user", "password"],
    [" token ", "oauth2", " token "],
  ])("%j is user %j and password %j", (value, username, password) => {
    expect(credential({ [KEY]: value }).http).toEqual({ kind: "basic", username, password });
  });

  test.each(["", "\n", "\r\n", ":", ":\n", "token\n\n", "to\nken", "a:b\0", "\ufefftoken"])(
    "%j is refused",
    (value) => {
      const error = problem(() => credential({ [KEY]: value }));
      expect(error.code).toBe("SECRET_INVALID");
      expect(error.message).toContain(KEY);
    },
  );

  test("what is not UTF-8 is refused", () => {
    expect(problem(() => credential({ [KEY]: Buffer.from("token", "utf16le") })).code).toBe("SECRET_INVALID");
    expect(problem(() => credential({ [KEY]: Buffer.from([0xc3, 0x28]) })).code).toBe("SECRET_INVALID");
  });

  test("wins over username and password", () => {
    const { http } = credential({ [KEY]: "a:b", username: "c", password: "d" });
    expect(http).toEqual({ kind: "basic", username: "a", password: "b" });
  });
});

describe("the user name of a bare token", () => {
  test.each([
    ["github.com", "x-access-token"],
    ["github.corp.example", "x-access-token"],
    ["corp.ghe.com", "x-access-token"],
    ["gitlab.com", "oauth2"],
    ["bitbucket.org", "x-token-auth"],
    ["my-bitbucket.corp.example", "x-token-auth"],
    ["gitea.com", "oauth2"],
    ["codeberg.org", "oauth2"],
    ["dev.azure.com", "pat"],
    ["org.visualstudio.com", "pat"],
    ["notgithub.com", "oauth2"],
  ])("at %s is %s", (host, username) => {
    expect(credential({ [KEY]: "token" }, { host }).http).toMatchObject({ username });
  });

  test("follows the provider that is stated, and the user name that is stated before that", () => {
    expect(credential({ [KEY]: "t" }, { provider: "github" }).http).toMatchObject({ username: "x-access-token" });
    const both = credential({ [KEY]: "t" }, { provider: "github", username: "ci" });
    expect(both.http).toMatchObject({ username: "ci" });
  });

  test("a Bitbucket API token has a name of its own", () => {
    const { http } = credential({ [KEY]: "ATATT3xFfGF0" }, { host: "bitbucket.org" });
    expect(http).toMatchObject({ username: "x-bitbucket-api-token-auth" });
  });

  test("a pair keeps its own user name", () => {
    const { http } = credential({ [KEY]: "ada:pw" }, { host: "github.com", username: "ci" });
    expect(http).toMatchObject({ username: "ada" });
  });
});

describe("Kubernetes' basic-auth keys", () => {
  test("username and password", () => {
    const { http } = credential({ username: "ada\n", password: "p:w@/#%? \n" });
    expect(http).toEqual({ kind: "basic", username: "ada", password: "p:w@/#%? " });
  });

  test("a password alone is a bare token", () => {
    expect(credential({ password: "token" }).http).toMatchObject({ username: "oauth2", password: "token" });
  });

  test.each([{ username: "ada" }, { username: "a:b", password: "c" }, { username: "ada", password: "" }])(
    "%j is refused",
    (values) => expect(problem(() => credential(values)).code).toBe("SECRET_INVALID"),
  );
});

describe("auth: bearer", () => {
  test("sends the token alone", () => {
    expect(credential({ [KEY]: ":a:b\n" }, { auth: "bearer" }).http).toEqual({ kind: "bearer", token: "a:b" });
  });

  test.each(["user:password", "tok en", "tökén"])("refuses %j", (value) => {
    expect(problem(() => credential({ [KEY]: value }, { auth: "bearer" })).code).toBe("SECRET_INVALID");
  });
});

describe("ssh", () => {
  const pem = (name: string) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${name}\n-----END OPENSSH PRIVATE KEY-----`;

  test("a key gets the line ends and the last newline that ssh needs", () => {
    const made = credential({
      "ssh-privatekey": `${pem("a").replaceAll("\n", "\r\n")}\r\n\r\n`,
      known_hosts: "h ssh-ed25519 AAAA",
    });
    expect(made.ssh).toEqual({ privateKey: `${pem("a")}\n` });
    expect(made.knownHosts).toBe("h ssh-ed25519 AAAA\n");
  });

  test("of several keys the documented one is taken", () => {
    const all = {
      id_zz: pem("z"),
      id_rsa: pem("r"),
      id_ecdsa: pem("e"),
      id_ed25519: pem("d"),
      "ssh-privatekey": pem("s"),
    };
    const order = ["ssh-privatekey", "id_ed25519", "id_ecdsa", "id_rsa", "id_zz"];
    const left: Record<string, string> = { ...all };
    for (const name of order) {
      expect(credential(left).ssh).toEqual({ privateKey: `${all[name as keyof typeof all]}\n` });
      delete left[name];
    }
  });

  test("a passphrase comes along, without its newline", () => {
    expect(credential({ id_rsa: pem("r"), passphrase: "p w\n" }).ssh).toMatchObject({ passphrase: "p w" });
  });

  test("an id_token is no ssh key", () => {
    expect(credential({ [KEY]: "t", id_token: "eyJ" }).ssh).toBeUndefined();
  });

  test("a public key in the place of the private one is refused", () => {
    const error = problem(() => credential({ id_ed25519: "ssh-ed25519 AAAA me" }));
    expect(error.code).toBe("SECRET_INVALID");
    expect(error.hint).toContain(".pub");
  });
});

test("a certificate authority alone is enough; one that is not PEM is refused", () => {
  const ca = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----";
  expect(credential({ "ca.crt": ca })).toMatchObject({ ca: `${ca}\n` });
  expect(problem(() => credential({ "ca.crt": "MII" })).code).toBe("SECRET_INVALID");
});

test("a secret with nothing for git is an error that names the keys, and never a value", () => {
  const place = { file: "bowline.yaml", line: 3, column: 5 };
  const error = problem(() => credential({ API_KEY: "s3cr3t-value" }, { connection: "repo", place }));
  expect(error.problems[0]).toMatchObject({ code: "SECRET_INVALID", connection: "repo", place });
  expect(error.message).toContain("API_KEY");
  expect(JSON.stringify(error.problems)).not.toContain("s3cr3t-value");
});

test("what is to be masked: passwords, pairs, keys, passphrases, the password of a proxy", () => {
  const proxy = "http://px:pr%20xy@proxy.example:3128";
  const { secretValues } = credential({ [KEY]: "tok" }, { host: "github.com", proxy });
  expect(secretValues).toEqual(["tok", "x-access-token:tok", "pr%20xy", "pr xy"]);
  expect(credential({ [KEY]: "TOKEN:x-oauth-basic" }).secretValues).toContain("TOKEN");
});
