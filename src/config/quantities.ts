/** Milliseconds of a duration: a number is seconds, a text has units (`1h30m`, `10s`, `500ms`). Absent when it is neither. */
export function readDuration(written: string | number): number | undefined {
  if (typeof written === "number") return positive(written * 1000);
  const text = written.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return positive(Number(text) * 1000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return positive(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit!]!, 0));
}

/** Bytes of a size: a number, or a text with Kubernetes' suffixes (`500Mi`, `2G`). Absent when it is neither. */
export function readSize(written: string | number): number | undefined {
  const [, amount, suffix] = /^(\d+(?:\.\d+)?)(|[kMGT]|[KMGT]i)$/.exec(String(written).trim()) ?? [];
  return amount === undefined ? undefined : positive(Number(amount) * FACTORS[suffix!]!);
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const FACTORS: Record<string, number> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

// Node's timers take no more than 31 bits; longer than that (24 days) is a slip of the pen in any case.
const MOST = 2 ** 31 - 1;

function positive(amount: number): number | undefined {
  const whole = Math.round(amount);
  return whole > 0 && whole <= Number.MAX_SAFE_INTEGER ? whole : undefined;
}

/** Whether a duration fits a timer. */
export function fitsTimer(milliseconds: number): boolean {
  return milliseconds <= MOST;
}
