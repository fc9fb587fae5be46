import { afterEach, expect, test, vi } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/index.ts";
import { startGitServer, temporaryFolder } from "../support/index.ts";
import { fetchInto } from "./fetch-into.ts";
import { requestFor } from "./request.ts";

afterEach(() => void vi.useRealTimers());

test("what git has fetched between two looks is held to the limit, too", async () => {
  const server = await startGitServer();
  const { commits } = await server.add("org/test");
  const url = `${server.url}/org/test.git`;
  const network = { searchPath: process.env["PATH"]!, fetchBy: "git" } as const;
  const commit = commits["main"]!;
  // nobody looks while it comes
  vi.useFakeTimers({ toFake: ["setInterval"] });
  const { bytes } = await fetchInto(await temporaryFolder(), requestFor(url, { network }), { commit });
  for (const [maxBytes, code] of [
    [bytes, undefined],
    [bytes - 1, "GIT_TOO_LARGE"],
  ] as const) {
    const request = requestFor(url, { network, policy: { ...DEFAULT_POLICY, maxBytes } });
    const error = await fetchInto(await temporaryFolder(), request, { commit }).then(
      () => undefined,
      (thrown: { code: string }) => thrown.code,
    );
    expect(error).toBe(code);
  }
  await server.close();
});
