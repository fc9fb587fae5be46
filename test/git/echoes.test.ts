import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { GitEvent, GitRequest } from "../../src/git/index.ts";
import { startGitServer, type Fault, type GitServer, type Repository } from "../support/index.ts";
import { FLUSH, isFetch, isLsRefs, packet, refsFault } from "../support/hostile-pack.ts";
import { fetchCode, IMPATIENT, refused, requestFor, TOKEN, tokenFor, WAY } from "./request.ts";

/** A server knows what it was sent: what it says of it must not come into a message, a record or a log. */
let server: GitServer;
let repository: Repository;
beforeAll(async () => {
  server = await startGitServer();
  repository = await server.add("org/test");
});
afterAll(() => server.close());
beforeEach(() => {
  server.faults.length = 0;
  server.requests.length = 0;
});

function request(more: Partial<GitRequest> & { events?: GitEvent[] } = {}): GitRequest {
  const findCredential = tokenFor(`${server.url}/org/`);
  return requestFor(`${server.url}/org/test.git`, { policy: IMPATIENT, revision: "main", findCredential, ...more });
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const FORMS = {
  "as it is": TOKEN,
  "in percent signs": encodeURIComponent(TOKEN),
  "as the header has it": base64(`ada:${TOKEN}`),
  "as base64": base64(TOKEN),
};

/** No eight letters of any form; that of the header begins with the user's name, which is no secret. */
function expectNothingOf(told: unknown): void {
  const text = inspect(told, { depth: 9, maxStringLength: Infinity });
  for (const form of Object.values(FORMS)) {
    const secret = form.startsWith(base64("ada")) ? form.slice(6) : form;
    for (let at = 0; at + 8 <= secret.length; at += 1) expect(text).not.toContain(secret.slice(at, at + 8));
  }
}

function said(match: Fault["match"], ...packets: Buffer[]): Fault {
  const headers = { "content-type": "application/x-git-upload-pack-result" };
  return { ...(match && { match }), status: 200, headers, body: Buffer.concat([...packets, FLUSH]) };
}

describe.each(Object.entries(FORMS))("a server that repeats the credential %s", (_, form) => {
  const half = form.length >> 1;
  const led = (location: string) => (): Fault => ({ status: 302, headers: { location: location + form } });
  it.each<[string, string, () => Fault, revision?: string]>([
    ["in an error", "GIT_PROTOCOL", () => said(isLsRefs, packet(`ERR you sent ${form}\n`))],
    ["where an error is cut", "GIT_PROTOCOL", () => said(isLsRefs, packet(`ERR ${"x".repeat(290)}${form}\n`))],
    ["in an error instead of a pack", "GIT_PROTOCOL", () => said(isFetch, packet(`ERR you sent ${form}\n`))],
    [
      "in an error in the pack",
      "GIT_PROTOCOL",
      () => said(isFetch, packet("packfile\n"), packet(`\u0003no: ${form}\n`)),
    ],
    [
      "in two pieces of such an error",
      "GIT_PROTOCOL",
      () =>
        said(
          isFetch,
          packet("packfile\n"),
          packet(`\u0003no: ${form.slice(0, half)}`),
          packet(`\u0003${form.slice(half)}`),
        ),
    ],
    ["in a redirect to another host", "REDIRECT_REFUSED", led("http://127.0.0.2:9/")],
    ["in a redirect to another place", "REDIRECT_REFUSED", led("/elsewhere/")],
    ["where a redirect is cut", "REDIRECT_REFUSED", led(`/${"x".repeat(165)}`)],
    [
      "as the only branch that there is",
      "GIT_REVISION_NOT_FOUND",
      () => refsFault(`${repository.commits["main"]} refs/heads/${form}`),
      "nope",
    ],
  ])("%s", async (_what, code, fault, revision = "main") => {
    // no reference has a blank in its name
    if (code === "GIT_REVISION_NOT_FOUND" && form.includes(" ")) return;
    server.faults.push(fault());
    const events: GitEvent[] = [];
    const error = await refused(request({ events, revision }));
    expect(error.code).toBe(code);
    expectNothingOf([error, error.stack, events]);
  });

  it("in a redirect that could be followed, which would be kept with the code", async () => {
    if (!URL.canParse(`http://h/${form}`) || /[@#? ]/.test(form)) return;
    server.faults.push({ status: 302, headers: { location: `/org/${form}/git-upload-pack` } });
    const error = await refused(request());
    expect(error.code).toBe("REDIRECT_REFUSED");
    expect(server.requests).toHaveLength(1);
    expectNothingOf(error);
  });

  it("as the branch of HEAD, which would be recorded", async () => {
    if (/[?~^: ]/.test(form)) return;
    server.faults.push(refsFault(`${repository.commits["main"]} HEAD symref-target:refs/heads/${form}`));
    const { revision: _main, ...head } = request();
    const { reference } = await fetchCode(head);
    expect(reference.commit).toBe(repository.commits["main"]);
    expectNothingOf(reference);
  });

  it("while it makes the pack, at once and in two pieces", async () => {
    const words = [`hello ${form}\n`, `hello ${form.slice(0, half)}`, form.slice(half), "counting\n"];
    const spoken = Buffer.concat(words.map((text) => packet(`\u0002${text}`)));
    const after = packet("packfile\n");
    server.faults.push({
      match: isFetch,
      rewrite: (body) => {
        const at = body.indexOf(after) + after.length;
        return Buffer.concat([body.subarray(0, at), spoken, body.subarray(at)]);
      },
    });
    const events: GitEvent[] = [];
    await fetchCode(request({ events, serverProgress: true }));
    expectNothingOf(events);
    const details = events.flatMap((event) => ("detail" in event ? [event.detail] : []));
    if (WAY === "v2") expect(details).toContainEqual(expect.stringMatching(/counting$/));
  });
});
