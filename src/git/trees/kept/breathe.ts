import { setImmediate as nextTurn } from "node:timers/promises";
import { abortError } from "../../failures.ts";

/** Lets everything else in this process have its turn between two pieces of plain work. Throws what the signal was aborted for. */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await nextTurn();
  if (signal?.aborted === true) throw abortError(signal);
}
