import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import {
  makeRepository,
  makeSshKey,
  noSshServer,
  startSshServer,
  temporaryFolder,
  type SshKey,
  type SshServer,
} from "../support/index.ts";
import { checkOf, judge, portOfNobody, type Misconfigured } from "./misconfigured.ts";

describe.skipIf(noSshServer)(
  `connections check names the one thing that is wrong over ssh${noSshServer ? ` (skipped: ${noSshServer})` : ""}`,
  () => {
    let known: SshKey;
    let stranger: SshKey;
    let locked: SshKey;
    let server: SshServer;
    let closedPort: number;
    /** What known_hosts has for the server, with the key of somebody else. */
    let changed: string;

    beforeAll(async () => {
      const root = await temporaryFolder();
      closedPort = await portOfNobody();
      const keys = [makeSshKey(), makeSshKey(), makeSshKey({ passphrase: "a pass phrase" })];
      [known, stranger, locked] = (await Promise.all(keys)) as [SshKey, SshKey, SshKey];
      await makeRepository(join(root, "org/test.git"));
      await makeRepository(join(root, "team/test.git"));
      server = await startSshServer({ root, keys: [{ publicKey: known.publicKey, access: ["org"] }] });
      changed = `${server.knownHosts.split(" ")[0]} ${stranger.publicKey.split(" ").slice(0, 2).join(" ")}\n`;
    });

    afterAll(() => server.close());

    const ssh = (privateKey: string, knownHosts?: string): Record<string, string> => ({
      "ssh-privatekey": privateKey,
      ...(knownHosts === undefined ? {} : { known_hosts: knownHosts }),
    });

    test.concurrent.each<Misconfigured>([
      [
        "the host key is not known",
        "SSH_HOST_KEY_UNKNOWN",
        () => ({ url: `${server.url}/org/test`, secret: ssh(known.privateKey) }),
        /known_hosts/,
        /bowline connections trust c/,
      ],
      [
        "the host key is another than the known one",
        "SSH_HOST_KEY_CHANGED",
        () => ({ url: `${server.url}/org/test`, secret: ssh(known.privateKey, changed) }),
        /another host key/,
        /ask whoever runs the host/,
      ],
      [
        "the key is not registered",
        "GIT_CREDENTIAL_REFUSED",
        () => ({ url: `${server.url}/org/test`, secret: ssh(stranger.privateKey, server.knownHosts) }),
        /does not accept the key/,
        /public half/,
      ],
      [
        "the key may not read this repository, which the server calls not found",
        "GIT_REPOSITORY_NOT_FOUND",
        () => ({ url: `${server.url}/team/test`, secret: ssh(known.privateKey, server.knownHosts) }),
        /or shows it to others only/,
        /key/,
      ],
      [
        "the key needs a passphrase",
        "SSH_KEY_INVALID",
        () => ({ url: `${server.url}/org/test`, secret: ssh(locked.privateKey, server.knownHosts) }),
        /passphrase/,
        /passphrase/,
      ],
      [
        "the key is cut short",
        "SSH_KEY_INVALID",
        () => ({ url: `${server.url}/org/test`, secret: ssh(known.privateKey.slice(0, 120), server.knownHosts) }),
        /key/,
        /key/,
      ],
      [
        "there is no key",
        "GIT_CREDENTIAL_MISSING",
        () => ({ url: `${server.url}/org/test`, secret: { known_hosts: server.knownHosts } }),
        /ssh key/,
        /ssh-privatekey/,
      ],
      [
        "the secret is a token",
        "SECRET_INVALID",
        () => ({ url: `${server.url}/org/test`, secret: { POLYAXON_GIT_CREDENTIALS: "t0ken@/#%?" } }),
        /ssh/,
        /ssh-privatekey|https/,
      ],
      [
        "nobody listens",
        "HOST_REFUSED",
        () => ({ url: `ssh://git@127.0.0.1:${closedPort}/org/test`, secret: ssh(known.privateKey, server.knownHosts) }),
        /refuses the connection/,
        /host and port/,
      ],
      [
        "the host's name",
        "HOST_NOT_FOUND",
        () => ({ url: "git@git.nowhere.invalid:org/test", secret: ssh(known.privateKey, server.knownHosts) }),
        /git\.nowhere\.invalid/,
        /host name/,
      ],
      [
        "an unknown revision",
        "GIT_REVISION_NOT_FOUND",
        () => ({
          url: `${server.url}/org/test`,
          schema: { revision: "branch-A" },
          secret: ssh(known.privateKey, server.knownHosts),
        }),
        /branch-A/,
        /branchA/,
      ],
    ])("%s", async (_, code, given, message, hint) => {
      judge({ code, message, hint }, await checkOf(given()));
    });
  },
);
