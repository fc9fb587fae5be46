import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newDesk } from "../cli/bowline.ts";
import { startGitServer, startProxy, type GitServer, type Proxy } from "../support/index.ts";
import { catalog, checkOf, judge, NAMED, portOfNobody, type Misconfigured } from "./misconfigured.ts";

const TOKEN = "t0k@en/with#all%of?these and spaces";

let plain: GitServer;
let github: GitServer;
let good: GitServer;
let wrongHost: GitServer;
let expired: GitServer;
let login: Proxy;
let closedPort: number;
let servers: GitServer[];

beforeAll(async () => {
  const accounts = [
    { token: TOKEN, access: ["org"] },
    { token: "token of the team", access: ["team"] },
  ];
  plain = await startGitServer({ accounts });
  github = await startGitServer({ accounts, root: plain.root, forge: "github" });
  good = await startGitServer({ accounts, root: plain.root, tls: "good" });
  wrongHost = await startGitServer({ accounts, root: plain.root, tls: "wrong-host" });
  expired = await startGitServer({ accounts, root: plain.root, tls: "expired" });
  servers = [plain, github, good, wrongHost, expired];
  await plain.add("org/test");
  await plain.add("team/test");
  login = await startProxy({ username: "ada", password: "proxy password" });
  closedPort = await portOfNobody();
});

afterAll(async () => {
  await Promise.all([...servers, login].map((server) => server.close()));
});

describe("connections check names the one thing that is wrong, and what to do", () => {
  const key = (value: string): Record<string, string> => ({ POLYAXON_GIT_CREDENTIALS: value });
  test.concurrent.each<Misconfigured>([
    [
      "no secret in the connection",
      "GIT_CREDENTIAL_MISSING",
      () => ({ url: `${plain.url}/org/test` }),
      /asks for a credential and there is none/,
      /secret/,
    ],
    [
      "the secret has no key that is a credential",
      "SECRET_INVALID",
      () => ({ url: `${plain.url}/org/test`, secret: { TOKEN: TOKEN } }),
      /git-secret/,
      /POLYAXON_GIT_CREDENTIALS/,
    ],
    [
      "the token is wrong",
      "GIT_CREDENTIAL_REFUSED",
      () => ({ url: `${plain.url}/org/test`, secret: key("wr0ng@/#%? token") }),
      /does not accept the credential of connection "c"/,
      /bowline secrets set/,
    ],
    [
      "the token may not read this repository (403)",
      "GIT_ACCESS_DENIED",
      () => ({ url: `${plain.url}/org/test`, secret: key("token of the team") }),
      /connection "c" read it/,
      /read access/,
    ],
    [
      "the token may not read this repository (GitHub's 404)",
      "GIT_REPOSITORY_NOT_FOUND",
      () => ({ url: `${github.url}/org/test`, secret: key("token of the team") }),
      /or no access/,
      /token/,
    ],
    [
      "the repository is not there",
      "GIT_REPOSITORY_NOT_FOUND",
      () => ({ url: `${plain.url}/org/tset`, secret: key(TOKEN) }),
      /org\/tset/,
      /check the url/,
    ],
    [
      "the credentials entry is for another owner",
      "GIT_CREDENTIAL_MISSING",
      () => ({
        url: `${plain.url}/org/test`,
        config: `credentials: [{match: "${plain.url}/team/", secret: {name: git-secret}}]`,
      }),
      /there is none for this url/,
      /credentials:/,
    ],
    [
      "the host's name",
      "HOST_NOT_FOUND",
      () => ({ url: "https://git.nowhere.invalid/org/test", secret: key(TOKEN) }),
      /git\.nowhere\.invalid/,
      /host name/,
    ],
    [
      "nobody listens",
      "HOST_REFUSED",
      () => ({ url: `https://127.0.0.1:${closedPort}/org/test`, secret: key(TOKEN) }),
      /refuses the connection/,
      /host and port/,
    ],
    [
      "the authority is not known",
      "TLS_FAILED",
      () => ({ url: `${good.url}/org/test`, secret: key(TOKEN) }),
      /authority that is not known/,
      /ca\.crt/,
    ],
    [
      "the certificate is for another host",
      "TLS_FAILED",
      () => ({ url: `${wrongHost.url}/org/test`, secret: { ...key(TOKEN), "ca.crt": wrongHost.ca } }),
      /not for "127\.0\.0\.1" but for "elsewhere\.example"/,
      /host name/,
    ],
    [
      "the certificate has expired",
      "TLS_FAILED",
      () => ({ url: `${expired.url}/org/test`, secret: { ...key(TOKEN), "ca.crt": expired.ca } }),
      /has expired/,
      /renew/,
    ],
    [
      "TLS is asked of a server without",
      "TLS_FAILED",
      () => ({ url: `${plain.url.replace("http:", "https:")}/org/test`, secret: key(TOKEN) }),
      /does not speak TLS/,
      /http:/,
    ],
    [
      "the proxy is dead",
      "PROXY_FAILED",
      () => ({
        url: `${good.url}/org/test`,
        secret: { ...key(TOKEN), "ca.crt": good.ca },
        schema: { proxy: `http://127.0.0.1:${closedPort}` },
      }),
      /cannot be reached/,
      /proxy/,
    ],
    [
      "the proxy of the environment wants a password",
      "PROXY_FAILED",
      () => ({
        url: `${good.url}/org/test`,
        secret: { ...key(TOKEN), "ca.crt": good.ca },
        env: { HTTPS_PROXY: login.url },
      }),
      /407/,
      /USER:PASSWORD/,
    ],
    [
      "the proxy refuses the password",
      "PROXY_FAILED",
      () => ({
        url: `${good.url}/org/test`,
        secret: { ...key(TOKEN), "ca.crt": good.ca },
        env: { HTTPS_PROXY: login.url.replace("//", "//ada:t0k%40en%2Fwith%23all%25of%3Fthese%20and%20spaces@") },
      }),
      /407/,
      /USER:PASSWORD/,
    ],
    [
      "a secret over plain http",
      "PLAIN_HTTP_REFUSED",
      () => ({ url: "http://git.corp/org/test", secret: key(TOKEN) }),
      /plain http/,
      /https|plainHttpHosts/,
    ],
    [
      "an unknown revision",
      "GIT_REVISION_NOT_FOUND",
      () => ({ url: `${plain.url}/org/test`, secret: key(TOKEN), schema: { revision: "branch-A" } }),
      /branch-A/,
      /branchA/,
    ],
    [
      "the certificate in the secret is none",
      "SECRET_INVALID",
      () => ({ url: `${good.url}/org/test`, secret: { ...key(TOKEN), "ca.crt": "not a certificate" } }),
      /ca\.crt/,
      /PEM|certificate/,
    ],
  ])("%s", async (_, code, given, message, hint) => {
    judge({ code, message, hint }, await checkOf(given()));
  });

  test("and tells no secret to a proxy or to a host whose certificate is not acceptable", async () => {
    const url = `${good.url}/org/test`;
    await checkOf({ url, secret: key(TOKEN), env: { HTTPS_PROXY: login.url } });
    for (const server of [wrongHost, expired]) await checkOf({ url: `${server.url}/org/test`, secret: key(TOKEN) });
    expect(login.requests.filter(({ target }) => target !== `127.0.0.1:${good.port}`)).toEqual([]);
    expect(JSON.stringify(login.requests)).not.toContain(Buffer.from(TOKEN).toString("base64").slice(4, -4));
    expect([...good.requests, ...wrongHost.requests, ...expired.requests]).toEqual([]);
  });

  test("a secret that is not stored", async () => {
    const desk = await newDesk();
    const url = `${plain.url}/org/test`;
    await desk.write("bowline.yaml", catalog({ url, secret: {} }));
    const answer = await desk.bowline(["connections", "check", "c", "-o", "json", ...NAMED]);
    const hint = /bowline secrets set git-secret/;
    judge({ code: "SECRET_NOT_FOUND", message: /git-secret/, hint }, answer);
  });
});
