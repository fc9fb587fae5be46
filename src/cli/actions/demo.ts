import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { networkFrom } from "../../config/index.ts";
import { checkGitVersion } from "../../git/index.ts";
import type { CliContext } from "../context.ts";
import {
  isPlayFolder,
  makePlayFolder,
  refuseOccupied,
  reopenPlayFolder,
  runTyped,
  type NewPlayFolder,
  type PlayFolder,
} from "../demo/index.ts";
import { usage } from "../parse-options.ts";
import { catchSignals } from "../signals.ts";
import { pathFrom } from "../open-config.ts";

interface DemoInput {
  args: { DIR?: string };
  options: { keep?: boolean };
}

/** `bowline demo`: three polyaxonfiles against a git server of its own, by the commands that a user would type. */
export async function run({ args, options }: DemoInput, context: CliContext): Promise<number> {
  if (args.DIR !== undefined && !options.keep)
    throw usage("DIR is where --keep keeps", `add --keep: bowline demo --keep ${args.DIR}`);
  await checkGitVersion(networkFrom(context.env));
  const kept = options.keep ? pathFrom(args.DIR ?? "bowline-demo", context) : undefined;
  const searchPath = context.env["PATH"] ?? "";
  const signals = catchSignals({ onFirst: () => {} });
  if (kept !== undefined && isPlayFolder(kept)) {
    return serveAgain(await reopenPlayFolder(kept, searchPath), signals, context);
  }
  if (kept !== undefined) refuseOccupied(kept);
  const folder = kept ?? (await mkdtemp(join(tmpdir(), "bowline-demo-")));
  let complete = false;
  try {
    const play = await makePlayFolder(folder, searchPath);
    try {
      const code = await show(play, signals.stop, context);
      complete = code === 0;
      if (complete)
        context.out(kept === undefined ? ownWords(context) : `${playWords(kept, context)}${ownWords(context)}`);
      return signals.exitCode() ?? code;
    } finally {
      await play.server.close();
    }
  } finally {
    signals.release();
    // A demo that was broken off leaves no half folder either.
    if (kept === undefined || !complete) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function show(play: NewPlayFolder, stop: AbortSignal, context: CliContext): Promise<number> {
  const { bold } = context.style.out;
  const steps: { says: string; words: string[]; input?: string }[] = [
    {
      says: "A git server with two private repositories and a public one now runs on this machine. The catalog names them:",
      words: ["connections", "ls"],
    },
    {
      says: "The secret that opens the private ones is stored, encrypted. Its value comes from standard input:",
      words: ["secrets", "set", "demo-git", "POLYAXON_GIT_CREDENTIALS"],
      input: `${play.credentials.username}:${play.credentials.password}\n`,
    },
    { says: "Does it open them?", words: ["connections", "check", "train"] },
    { says: "One private repository, at a branch:", words: ["run", "-f", "one-private.yaml"] },
    { says: "Two private repositories at once, opened by one secret:", words: ["run", "-f", "two-private.yaml"] },
    { says: "One public repository, at a commit:", words: ["run", "-f", "one-public.yaml"] },
    { says: "What ran, and with which code:", words: ["ps"] },
  ];
  for (const { says, words, input } of steps) {
    context.out(`\n${says}\n${bold(`$ ${input === undefined ? "" : "… | "}${program(context)} ${words.join(" ")}`)}\n`);
    const code = await runTyped(words, { play, stop, ...(input === undefined ? {} : { input }) }, context);
    if (code !== 0 || stop.aborted) return code || 130;
  }
  return 0;
}

async function serveAgain(
  play: PlayFolder,
  signals: ReturnType<typeof catchSignals>,
  context: CliContext,
): Promise<number> {
  context.out(
    `The git server of this demo runs at ${play.server.url} until Ctrl-C.\n${typeThere(play.folder, context)}`,
  );
  if (!signals.stop.aborted) await new Promise((resolve) => signals.stop.addEventListener("abort", resolve));
  await play.server.close();
  signals.release();
  return 0;
}

function playWords(folder: string, context: CliContext): string {
  const shown = relative(context.cwd, folder) || ".";
  return `\nEverything is kept in ${shown}. To play, start its git server again with: ${program(context)} demo --keep ${shown}\n${typeThere(folder, context)}`;
}

function typeThere(folder: string, context: CliContext): string {
  const shown = relative(context.cwd, folder) || ".";
  return `In another terminal:
  cd ${shown}
  export BOWLINE_HOME="$PWD/home" BOWLINE_CONFIG="$PWD/bowline.yaml"
  ${program(context)} run -f two-private.yaml
`;
}

function ownWords(context: CliContext): string {
  const bowline = program(context);
  return `
Next, a repository of your own. In a file bowline.yaml:

  connections:
    - name: my-code
      kind: git
      schema: {url: https://github.com/ORG/REPOSITORY}
      secret: {name: my-git}

Then let this file use your secrets, store an access token (it is asked for), and see whether it opens the repository:

  ${bowline} config trust
  ${bowline} secrets set my-git POLYAXON_GIT_CREDENTIALS
  ${bowline} connections check my-code

And with these lines as job.yaml, run any command in it:

  run:
    kind: job
    init: [{connection: my-code}]

  ${bowline} run -f job.yaml -- ls -l
`;
}

/** As the user has to type it: npm says so when it was npx that started this. */
function program({ env }: CliContext): string {
  return env["npm_command"] === "exec" ? "npx bowline" : "bowline";
}
