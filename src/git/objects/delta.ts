/**
 * What a delta makes of its base (gitformat-pack, "Deltified representation"): pieces copied from the base and pieces that it brings. Undefined for a delta that
 * is not of this base, reaches out of it, or makes something else than `size` bytes or more than `most`.
 */
export function applyDelta(base: Buffer, delta: Buffer, most: number): Buffer | undefined {
  const from = sizeAt(delta, 0);
  const to = sizeAt(delta, from.end);
  if (from.size !== base.length || !(to.size <= most)) return undefined;
  const result = Buffer.allocUnsafe(to.size);
  let done = 0;
  for (let at = to.end; at < delta.length;) {
    const command = delta[at] ?? 0;
    at += 1;
    let source = delta;
    let start = at;
    let length = command;
    if (command & 0x80) {
      const copy = copyAt(delta, at, command);
      source = base;
      ({ start, length } = copy);
      at = copy.end;
    } else at += length;
    const end = start + length;
    if (length === 0 || end > source.length || done + length > result.length) return undefined;
    source.copy(result, done, start, end);
    done += length;
  }
  return done === result.length ? result : undefined;
}

/** Seven bits in each byte, the lowest first. */
function sizeAt(delta: Buffer, start: number): { size: number; end: number } {
  let size = 0;
  let at = start;
  for (let unit = 1; unit < 2 ** 50; unit *= 128) {
    const byte = delta[at];
    if (byte === undefined) break;
    at += 1;
    size += (byte & 0x7f) * unit;
    if ((byte & 0x80) === 0) return { size, end: at };
  }
  return { size: Number.NaN, end: at };
}

/** Four bytes of where, three of how much: those that the command says are there. */
function copyAt(delta: Buffer, after: number, command: number): { start: number; length: number; end: number } {
  const values = [0, 0];
  let end = after;
  for (let bit = 0; bit < 7; bit += 1) {
    if ((command & (1 << bit)) === 0) continue;
    const which = bit < 4 ? 0 : 1;
    values[which] = (values[which] ?? 0) + (delta[end] ?? 0) * 2 ** (8 * (bit - 4 * which));
    end += 1;
  }
  const [start = 0, length = 0] = values;
  // a command that is cut off ends outside of everything
  return { start: end > delta.length ? Number.MAX_SAFE_INTEGER : start, length: length === 0 ? 0x10000 : length, end };
}
