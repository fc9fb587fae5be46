/** Items from many places for one reader. */
export interface Queue<T> {
  push: (item: T) => void;
  end: () => void;
  fail: (error: unknown) => void;
  /** Until `end` was called and everything was read. */
  items: () => AsyncGenerator<T>;
}

export function createQueue<T>(): Queue<T> {
  let waiting: T[] = [];
  let over = false;
  let failure: { error: unknown } | undefined;
  let wake = (): void => {};
  return {
    push(item) {
      waiting.push(item);
      wake();
    },
    end() {
      over = true;
      wake();
    },
    fail(error) {
      failure ??= { error };
      wake();
    },
    async *items() {
      for (;;) {
        const ready = waiting;
        waiting = [];
        yield* ready;
        if (waiting.length > 0) continue;
        if (failure !== undefined) throw failure.error;
        if (over) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
