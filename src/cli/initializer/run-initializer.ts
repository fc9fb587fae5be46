import { DEFAULT_POLICY, networkFrom, type Policy } from "../../config/index.ts";
import {
  checkConnection,
  connectAhead,
  materialize,
  prepareMaterialize,
  readLeftCode,
  resolve,
  wholeCommit,
  type CodeReference,
  type GitRequest,
  type Resolution,
} from "../../git/index.ts";
import { BowlineError } from "../../lib/index.ts";
import { openContext, type CliContext } from "../context.ts";
import { printValue } from "../output/data.ts";
import { printFailure, printWarnings } from "../output/problems.ts";
import { codeLine } from "../output/run-views.ts";
import { createGitPhases } from "../progress/git-phases.ts";
import { createLiveLine } from "../progress/live-line.ts";
import { catchSignals } from "../signals.ts";
import { changeOwner } from "./change-owner.ts";
import { readCredential } from "./credential.ts";
import { findMounted, mountedKeys } from "./mounted-secrets.ts";
import { writeErrors, writeResult } from "./result-file.ts";
import { initializerHelp, parseInitializer, type InitializerOptions } from "./options.ts";

/** `bowline initializer git …`: the engine alone, as an init container runs it. Loads nothing that the engine does not need. */
export async function runInitializer(words: readonly string[]): Promise<number> {
  const context = openContext(process);
  if (words.includes("--help") || words.includes("-h")) {
    context.out(initializerHelp());
    return 0;
  }
  const format = /(?:^| )(?:-o ?|--output[= ])json(?: |$)/.test(words.join(" ")) ? "json" : undefined;
  const signals = catchSignals({ onFirst: () => {} });
  const resultFile = resultFileOf(words);
  try {
    const options = parseInitializer(words, context);
    // Otherwise a repository's own user could be the only one to write to it.
    if (options.settings?.groupWrites) process.umask(0o002);
    const result = await work(options, signals.stop, context);
    await writeResult(resultFile, result);
    // With its own file for people's eyes in between, one line is what can be found again in a container's log.
    if (resultFile !== undefined) context.out(`${JSON.stringify(result)}\n`);
    else if (format) await printValue(result, format, context);
    else
      context.out(
        `${"tree" in result ? codeLine(result as CodeReference, context.style.out) : JSON.stringify(result)}\n`,
      );
    return 0;
  } catch (error) {
    if (error instanceof BowlineError) await writeErrors(resultFile, error.problems);
    const code = await printFailure(error, resultFile === undefined ? format : undefined, context);
    return signals.exitCode() ?? code;
  }
}

/** Where the result goes besides stdout; what is wrong with the other words goes there, too. */
function resultFileOf(words: readonly string[]): string | undefined {
  const option = "--result-file";
  const at = words.findIndex((word) => word === option || word.startsWith(`${option}=`));
  return words[at] === option ? words[at + 1] : words[at]?.slice(option.length + 1);
}

async function work(options: InitializerOptions, stop: AbortSignal, context: CliContext): Promise<object> {
  if (options.only === undefined) return fetchCode(options, stop, context);
  const request = await requestFor(options, stop, context);
  if (options.only === "left") return leftCode(options, request);
  const { warnings: _warnings, ...report } = await checkConnection(request);
  return { ...report, keys: await mountedKeys(options.settings?.credentials ?? []) };
}

/** What the container before this one left; an empty object where that is no repository. */
async function leftCode(options: InitializerOptions, request: GitRequest): Promise<object> {
  const pin = pinOf(options);
  const { signal = new AbortController().signal } = request;
  const asked = { ...request, ...(pin === undefined ? {} : { pin }), path: options.path, took: 0, signal };
  return (await readLeftCode(asked)) ?? {};
}

function pinOf({ commit, ref, settings }: InitializerOptions) {
  if (commit === undefined) return undefined;
  const redirectedTo = settings?.redirectedTo;
  return {
    commit,
    ...(ref === undefined ? {} : { ref }),
    ...(redirectedTo === undefined ? {} : { redirectedTo }),
  };
}

async function fetchCode(options: InitializerOptions, stop: AbortSignal, context: CliContext): Promise<CodeReference> {
  const end = Date.now() + (options.deadline ?? DEFAULT_POLICY.timeouts.materialize);
  const request = await requestFor(options, stop, context);
  const { signal = stop } = request;
  try {
    const pin = pinOf(options) ?? wholeCommit(request);
    await connectAhead(request, options.settings?.redirectedTo);
    const resolution = pin ?? (await resolveAndPrepare(request));
    const reference = await materialize({ ...request, resolution, target: options.path });
    if (options.owner) await changeOwner(options.path, options.owner);
    return reference;
  } catch (error) {
    if (stop.aborted || !signal.aborted || Date.now() < end) throw error;
    throw outOfTime(options);
  }
}

async function resolveAndPrepare(request: GitRequest): Promise<Resolution> {
  const resolving = resolve(request);
  void prepareMaterialize(request);
  return resolving;
}

async function requestFor(options: InitializerOptions, stop: AbortSignal, context: CliContext): Promise<GitRequest> {
  const signal = options.deadline === undefined ? stop : AbortSignal.any([stop, AbortSignal.timeout(options.deadline)]);
  const { settings, revision = settings?.revision } = options;
  return {
    url: options.url,
    options: options.git,
    findCredential:
      settings === undefined ? await readCredential(options, context.env) : findMounted(settings.credentials),
    policy: policyFor(options),
    network: networkFrom(context.env),
    onEvent: createEventPrinter(options.connection ?? options.url, context),
    serverProgress: context.terminal.err,
    signal,
    ...(revision === undefined ? {} : { revision }),
    ...(options.connection === undefined ? {} : { connection: options.connection }),
    ...(options.cache === undefined ? {} : { cache: options.cache }),
  };
}

function policyFor({ deadline, maxBytes, settings, plainHttpHosts }: InitializerOptions): Policy {
  const policy = settings?.policy ?? DEFAULT_POLICY;
  const { timeouts } = policy;
  const within = (time: number): number => (deadline === undefined ? time : Math.min(time, deadline));
  return {
    ...policy,
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(plainHttpHosts === undefined ? {} : { plainHttpHosts }),
    timeouts: {
      connect: within(timeouts.connect),
      stall: within(timeouts.stall),
      resolve: within(timeouts.resolve),
      materialize: deadline ?? timeouts.materialize,
    },
  };
}

function createEventPrinter(name: string, context: CliContext): NonNullable<GitRequest["onEvent"]> {
  const live = createLiveLine(context);
  const words = createGitPhases();
  return (event) => {
    const { keep, live: changing } = words(name, event);
    if (event.phase === "warning" || keep !== undefined) live.clear();
    if (event.phase === "warning") printWarnings([event.problem], context);
    if (keep !== undefined) context.err(`${keep}\n`);
    if (changing !== undefined) live.set(changing);
  };
}

function outOfTime({ deadline = 0, url }: InitializerOptions): BowlineError {
  return new BowlineError({
    code: "HOST_TIMEOUT",
    message: `"${url}" was not fetched within the deadline of ${deadline / 1000} s`,
    hint: "give it more time with: --deadline SECONDS",
  });
}
