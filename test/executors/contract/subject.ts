import { expect } from "vitest";
import type { RunRecord } from "../../../src/runs/index.ts";
import { newDesk, type Answer, type Desk } from "../../cli/bowline.ts";
import { checkNoNull, checkRunRecord } from "../../support/contract.ts";
import { startGitServer, type Account, type GitServer } from "../../support/index.ts";
import type { Harness } from "./harness.ts";

/** An executor under test, and a git server that it reaches. */
export interface Subject {
  harness: Harness;
  server: () => GitServer;
  /** A desk whose config uses the executor and has these connections, each an entry in YAML. */
  desk: (connections?: string[]) => Promise<Desk>;
  /** Runs a polyaxonfile to its end; what follows is added to the command. */
  run: (desk: Desk, file: string, words?: string[]) => Promise<{ record: RunRecord; answer: Answer }>;
  /** The same, of a run that has to succeed. */
  succeeds: (desk: Desk, file: string, words?: string[]) => Promise<RunRecord>;
  /** Starts it with -d. */
  detached: (desk: Desk, file: string) => Promise<RunRecord>;
  /** The record that a command prints. */
  recordOf: (desk: Desk, words: string[]) => Promise<RunRecord>;
  /** The log of a container, its lines joined. */
  log: (desk: Desk, record: RunRecord, container?: string) => Promise<string>;
  open: () => Promise<void>;
  close: () => Promise<void>;
}

export const TOKEN = "t0ken/of@the contract";
const ACCOUNTS: Account[] = [
  { token: TOKEN, access: ["org"] },
  { username: "bob", password: "p@ss:w0rd of bob", access: ["bob"] },
];

export function subjectOf(harness: Harness): Subject {
  let server: GitServer | undefined;

  async function run(desk: Desk, file: string, words: string[] = []): Promise<{ record: RunRecord; answer: Answer }> {
    await desk.write("job.yaml", file);
    const answer = await desk.bowline(["run", "-f", "job.yaml", "-o", "json", ...words]);
    const record = recordIn(answer);
    expect(record.executor).toBe(harness.executor);
    return { record, answer };
  }
  return {
    harness,
    server: () => server as GitServer,
    async desk(connections = []) {
      const desk = await newDesk();
      Object.assign(desk.env, harness.env);
      const entries = connections.map((entry) => `  - ${entry}\n`).join("");
      const list = entries === "" ? "connections: []\n" : `connections:\n${entries}`;
      // A credential may go over plain http to where the cluster reaches this machine.
      const policy = `policy: {plainHttpHosts: ["${harness.host}"]}\n`;
      await desk.write("bowline.yaml", `executor: ${harness.config}\n${list}${policy}${harness.moreConfig ?? ""}`);
      desk.env["BOWLINE_CONFIG"] = "bowline.yaml";
      return desk;
    },
    run,
    async succeeds(desk, file, words) {
      const { record, answer } = await run(desk, file, words);
      const { status, errors = [], message } = record;
      // What went wrong is in the message of the failed test.
      expect({ status, errors, message, stderr: status === "succeeded" ? "" : answer.stderr }).toMatchObject({
        ...{ status: "succeeded", errors: [], stderr: "" },
      });
      return record;
    },
    detached: async (desk, file) => (await run(desk, file, ["-d"])).record,
    recordOf: async (desk, words) => recordIn(await desk.bowline(words)),
    async log(desk, { uuid }, container = "main") {
      const { stdout } = await desk.bowline(["logs", uuid, "-c", container, "-o", "json"]);
      return stdout
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as { stream: string; text: string })
        .filter(({ stream }) => stream !== "bowline")
        .map(({ text }) => text)
        .join("\n");
    },
    async open() {
      await harness.open?.();
      server = await startGitServer({ accounts: ACCOUNTS, public: ["public"], host: harness.host });
      for (const name of ["org/test", "org/other", "bob/repo", "public/repo"]) await server.add(name);
    },
    async close() {
      await server?.close();
      await harness.close?.();
    },
  };
}

function recordIn(answer: Answer): RunRecord {
  const record = JSON.parse(answer.stdout || "{}") as RunRecord;
  if (record.uuid === undefined) throw new Error(`${answer.exitCode}\n${answer.stdout}${answer.stderr}`);
  checkRunRecord(record);
  checkNoNull(record);
  return record;
}

export interface JobText {
  /** For the shell of the main container. */
  script: string;
  /** Lines of `run:`. */
  head?: string[];
  /** A line beside `run:`. */
  top?: string;
  image?: string;
  /** More of the main container, as YAML in one line. */
  more?: string;
}

/** A job in YAML whose container runs a shell script. */
export function job({ harness }: Subject, { script, head = [], top = "", image, more = "" }: JobText): string {
  const reaches = harness.alwaysReaching === true && !head.some((line) => line.startsWith("environment:"));
  const all = reaches ? [...head, `environment: ${harness.reaching}`] : head;
  const lines = all.map((line) => `  ${line}\n`).join("");
  const words = `image: "${image ?? harness.images.shell}", command: ${JSON.stringify(["sh", "-c", script])}`;
  const container = more === "" ? words : `${words}, ${more}`;
  return `version: 1.1\nkind: component\n${top}${top && "\n"}run:\n  kind: job\n${lines}  container: {${container}}\n`;
}

/** Where the job finds its artifacts. */
export function artifactsOf({ harness }: Subject, desk: Desk, { uuid }: RunRecord): string {
  if (harness.executor !== "process") return "/plx-context/artifacts";
  return `${desk.env["BOWLINE_HOME"]}/state/runs/${uuid}/artifacts`;
}
