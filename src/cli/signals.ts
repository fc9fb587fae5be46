/** What a terminal or a service manager ends a process with. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Signals {
  /** Aborted by the first signal. */
  stop: AbortSignal;
  /** Aborted by the second. */
  kill: AbortSignal;
  /** 128 and the number of the first signal, once there was one. */
  exitCode: () => number | undefined;
  /** Gives the signals back to the process. */
  release: () => void;
}

/** Turns signals into a wish to stop, then to kill; a third one ends this process as it would have without us. */
export function catchSignals(options: { onFirst: (signal: NodeJS.Signals) => void }): Signals {
  const stop = new AbortController();
  const kill = new AbortController();
  let code: number | undefined;
  let first = 0;
  function take(signal: NodeJS.Signals): void {
    // A terminal and a parent often send the same one twice within a moment: that is no second wish.
    if (code !== undefined && Date.now() - first < 100) return;
    if (kill.signal.aborted) process.exit(code);
    if (code === undefined) {
      code = EXIT_CODES[signal] ?? 130;
      first = Date.now();
      options.onFirst(signal);
      stop.abort();
    } else {
      first = Date.now();
      kill.abort();
    }
  }
  for (const signal of SIGNALS) process.on(signal, take);
  return {
    stop: stop.signal,
    kill: kill.signal,
    exitCode: () => code,
    release: () => SIGNALS.forEach((signal) => process.off(signal, take)),
  };
}

const EXIT_CODES: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
