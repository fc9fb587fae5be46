import { spawnSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { BOWLINE, type Answer, type Desk } from "../cli/bowline.ts";

/** Every process start is seen with strace; without it only what a look into /proc every few milliseconds finds. */
export const seenBy = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0 ? "strace" : "/proc alone";

/** The forms in which a secret could go about: itself, base64 at its three alignments, percent-encoded, escaped. */
export function formsOf(secret: string): string[] {
  const percent = encodeURIComponent(secret);
  const forms = [
    secret,
    ...[0, 1, 2].map((offset) => alignedBase64(secret, offset)),
    percent,
    percent.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
    percent.replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    new URLSearchParams({ "": secret }).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
  ];
  return [...new Set(forms)];
}

/** Each line of a key that is long enough to be known again. */
export function formsOfKey(key: string): string[] {
  const lines = key.split("\n").filter((line) => line.length >= 32 && !line.startsWith("---"));
  return lines.flatMap((line) => formsOf(line));
}

/** What of a text's base64 does not depend on its neighbours when it begins `offset` bytes after a multiple of three. */
function alignedBase64(text: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  return bytes.toString("base64").slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

export interface Watching {
  forms: readonly string[];
  /** A process whose environment has this may hold the secret there; in its arguments none may. */
  mayHold?: string;
  input?: string;
  env?: Record<string, string>;
  /** Called when the command has started. */
  meanwhile?: () => Promise<void>;
}

export interface Sighting {
  answer: Answer;
  /** Processes that were looked at. */
  looked: number;
  /** Each place where a form of the secret was seen, in words; output, processes, and files that others may read. */
  leaks: string[];
}

/** Runs a command; meanwhile looks at the processes and files of the desk, and afterwards at its files and what it printed. */
export async function watch(desk: Desk, words: string[], watching: Watching): Promise<Sighting> {
  const { forms, mayHold } = watching;
  const leaks = new Set<string>();
  const looked = new Set<string>();
  const trace = join(desk.folder, `..`, `trace-${Math.random().toString(36).slice(2)}`);
  const traced =
    seenBy === "strace" ? ["strace", "-f", "-qq", "-e", "trace=execve", "-v", "-s", "100000", "-o", trace] : [];
  const [program = "", ...args] = [...traced, process.execPath, BOWLINE, ...words];
  let over = false;
  const running = execa(program, args, {
    cwd: desk.folder,
    env: { ...desk.env, ...watching.env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    input: watching.input ?? "",
  }).finally(() => (over = true));
  const meanwhile = watching.meanwhile?.();
  const own = String(process.pid);
  while (!over) {
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid) || pid === own) continue;
      const environment = readText(`/proc/${pid}/environ`);
      const line = readText(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
      if (!environment.includes(desk.folder) && !line.includes(desk.folder)) continue;
      looked.add(pid);
      lookAt({ line, environment, forms, mayHold, leaks });
    }
    for (const file of filesWith(desk.folder, forms)) if (!file.isPrivate) leaks.add(`readable file ${file.path}`);
    await sleep(5);
  }
  await meanwhile;
  const { stdout, stderr, exitCode } = await running;
  if (seenBy === "strace") {
    for (const line of (await readFile(trace, "utf8")).split("\n")) {
      const started = /execve\((".*?", \[.*?\]), \[(.*)\]\) = 0$/s.exec(line);
      if (started === null) continue;
      looked.add(line);
      const [, command = "", environment = ""] = started.map((part) => part.replaceAll(/\\(["\\])/g, "$1"));
      lookAt({ line: command, environment, forms, mayHold, leaks });
    }
  }
  const answer = { stdout, stderr, exitCode: exitCode ?? -1 };
  for (const leak of leaksIn(desk, answer, forms)) leaks.add(leak);
  return { answer, looked: looked.size, leaks: [...leaks] };
}

/** Where a secret lies after a command: in what it printed, or in any file of the desk. */
export function leaksIn(desk: Desk, answer: Partial<Answer>, forms: readonly string[]): string[] {
  const printed = (["stdout", "stderr"] as const).filter((name) => contains(answer[name] ?? "", forms));
  return [...printed, ...filesWith(desk.folder, forms).map(({ path }) => `file ${path}`)];
}

interface Looking {
  line: string;
  environment: string;
  forms: readonly string[];
  mayHold: string | undefined;
  leaks: Set<string>;
}

function lookAt({ line, environment, forms, mayHold, leaks }: Looking): void {
  if (contains(line, forms)) leaks.add(`arguments of ${line.slice(0, 120)}`);
  if (mayHold !== undefined && environment.includes(mayHold)) return;
  if (contains(environment, forms)) leaks.add(`environment of ${line.slice(0, 120)}`);
}

function contains(text: string, forms: readonly string[]): boolean {
  return forms.some((form) => text.includes(form));
}

/** Files below a folder that hold one of the texts; private is what only their owner can read. */
export function filesWith(folder: string, texts: readonly string[]): { path: string; isPrivate: boolean }[] {
  const found: { path: string; isPrivate: boolean }[] = [];
  for (const path of filesBelow(folder)) {
    try {
      const content = readFileSync(path);
      if (!texts.some((each) => content.includes(each))) continue;
      found.push({ path: path.slice(folder.length + 1), isPrivate: (lstatSync(path).mode & 0o077) === 0 });
    } catch {
      // It went away meanwhile.
    }
  }
  return found;
}

/** Regular files below a folder, as far as they can be listed. */
function* filesBelow(folder: string): Generator<string> {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** Waits, not for ever, until something holds; says whether it does. */
export async function until(holds: () => boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 600 && !holds(); attempt += 1) await sleep(50);
  return holds();
}

/** Processes, but this one, that have a text in their environment. */
export function processesOf(folder: string): string[] {
  const others = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return others.filter((pid) => readText(`/proc/${pid}/environ`).includes(folder));
}

/** A file's text, or nothing where it went away. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
