import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { watchPack } from "../../src/git/objects/incoming-pack.ts";
import { startGit } from "../../src/git/process/git-process.ts";
import { parseGitUrl } from "../../src/lib/index.ts";
import { temporaryFolder } from "../support/index.ts";
import { requestFor } from "./request.ts";

const PIECE = 64 * 1024;
const PIECES = 512;

it("no more of a pack is taken from the server than a git that reads nothing has room for", async () => {
  const folder = await temporaryFolder();
  let taken = 0;
  async function* pack(): AsyncGenerator<Buffer[]> {
    for (; taken < PIECES; taken += 1) {
      const piece = Buffer.alloc(PIECE);
      if (taken === 0) piece.write("PACK\0\0\0\x02\0\0\0\x01", "latin1");
      yield [piece];
    }
  }
  const url = "http://127.0.0.1/org/test";
  const { pieces, bytes } = watchPack(pack(), {
    ...{ access: { url: parseGitUrl(url) }, commit: "0".repeat(40), request: requestFor(url) },
  });
  // stands for a disk that lets git wait: what comes is read only once the file is there
  const slow = "alias.slow=!while [ ! -e go ]; do sleep 0.1; done; wc -c";
  const done = startGit({
    ...{ args: ["-c", slow, "slow"], env: { PATH: process.env["PATH"]! }, cwd: folder, reachesOut: false },
    ...{ input: pieces, signal: AbortSignal.timeout(30_000) },
  });
  await sleep(500);
  const before = taken;
  await writeFile(join(folder, "go"), "");
  expect(Number((await done).stdout.toString())).toBe(PIECES * PIECE);
  expect(bytes()).toBe(PIECES * PIECE);
  expect(before * PIECE).toBeLessThan(4 * 1024 * 1024);
});
