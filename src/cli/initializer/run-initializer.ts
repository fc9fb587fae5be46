import { DEFAULT_POLICY, networkFrom, type Policy } from "../../config/index.ts";
import { materialize, resolve, type CodeReference, type GitRequest } from "../../git/index.ts";
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
  try {
    const reference = await fetchCode(parseInitializer(words, context.env), signals.stop, context);
    if (format) await printValue(reference, format, context);
    else context.out(`${codeLine(reference, context.style.out)}\n`);
    return 0;
  } catch (error) {
    const code = await printFailure(error, format, context);
    return signals.exitCode() ?? code;
  }
}

async function fetchCode(options: InitializerOptions, stop: AbortSignal, context: CliContext): Promise<CodeReference> {
  const end = Date.now() + (options.deadline ?? DEFAULT_POLICY.timeouts.materialize);
  const signal = options.deadline === undefined ? stop : AbortSignal.any([stop, AbortSignal.timeout(options.deadline)]);
  const credential = await readCredential(options, context.env);
  const request: GitRequest = {
    url: options.url,
    options: options.git,
    findCredential: credential,
    policy: policyFor(options),
    network: networkFrom(context.env),
    onEvent: createEventPrinter(options.connection ?? options.url, context),
    signal,
    ...(options.revision === undefined ? {} : { revision: options.revision }),
    ...(options.connection === undefined ? {} : { connection: options.connection }),
    ...(options.cache === undefined ? {} : { cache: options.cache }),
  };
  try {
    const { commit, ref } = options;
    const pin = commit === undefined ? undefined : { commit, ...(ref === undefined ? {} : { ref }) };
    const resolution = pin ?? (await resolve(request));
    const reference = await materialize({ ...request, resolution, target: options.path });
    if (options.owner) await changeOwner(options.path, options.owner);
    return reference;
  } catch (error) {
    if (stop.aborted || !signal.aborted || Date.now() < end) throw error;
    throw outOfTime(options);
  }
}

function policyFor({ deadline, maxBytes }: InitializerOptions): Policy {
  const { timeouts } = DEFAULT_POLICY;
  const within = (time: number): number => (deadline === undefined ? time : Math.min(time, deadline));
  return {
    ...DEFAULT_POLICY,
    ...(maxBytes === undefined ? {} : { maxBytes }),
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
