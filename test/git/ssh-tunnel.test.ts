import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openSshTunnel } from "../../src/git/ssh/ssh-tunnel.ts";
import { parseGitUrl } from "../../src/lib/index.ts";

const timeouts = { connect: 5_000, stall: 5_000, resolve: 5_000, materialize: 5_000 };

test("a way that the proxy ends before ssh uses it is opened anew", async () => {
  let ways = 0;
  const proxy = createServer((socket) => {
    socket
      .on("error", () => {})
      .once("data", () => {
        ways += 1;
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        if (ways === 1) setTimeout(() => socket.resetAndDestroy(), 20);
        else socket.write("SSH-2.0-far\r\n");
      });
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const url = parseGitUrl("ssh://git@git.example/a/b");
  const { port } = proxy.address() as AddressInfo;
  const tunnel = await openSshTunnel(`http://127.0.0.1:${port}`, { url, timeouts });
  await sleep(100);
  const ssh = connect(tunnel.port, "127.0.0.1");
  expect(String((await once(ssh, "data"))[0])).toBe("SSH-2.0-far\r\n");
  expect(ways).toBe(2);
  tunnel.close();
  await once(ssh, "close");
  proxy.close();
});
