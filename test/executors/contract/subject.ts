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
    async run(desk, file, words = []) {
      await desk.write("job.yaml", file);
      const answer = await desk.bowline(["run", "-f", "job.yaml", "-o", "json", ...words]);
      const record = JSON.parse(answer.stdout || "{}") as RunRecord;
      if (record.uuid === undefined) throw new Error(`${answer.exitCode}\n${answer.stdout}${answer.stderr}`);
      checkRunRecord(record);
      checkNoNull(record);
      expect(record.executor).toBe(harness.executor);
      return { record, answer };
    },
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

/** A job in YAML. `head` are lines of `run:`; the container runs a shell script. */
export function job(
  { harness }: Subject,
  { script, head = [], image = harness.images.shell }: { script: string; head?: string[]; image?: string },
): string {
  const lines = head.map((line) => `  ${line}\n`).join("");
  const words = JSON.stringify(["sh", "-c", script]);
  return `version: 1.1\nkind: component\nrun:\n  kind: job\n${lines}  container: {image: "${image}", command: ${words}}\n`;
}

/** Where the job finds its artifacts. */
export function artifactsOf({ harness }: Subject, desk: Desk, { uuid }: RunRecord): string {
  if (harness.executor !== "process") return "/plx-context/artifacts";
  return `${desk.env["BOWLINE_HOME"]}/state/runs/${uuid}/artifacts`;
}
