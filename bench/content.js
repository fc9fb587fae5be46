// Content that looks like sources, the same on every machine: slices of one text, chosen by a seeded generator.

const POOL_BYTES = 4 * 1024 * 1024;
const PLACE_BYTES = 2500;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes files of one repository. `text` compresses to about a third, as sources do; `noise` does not compress. */
export function contentMaker(seed) {
  const random = seeded(seed);
  const pool = Buffer.from(makePool(seeded(seed + 1)));
  return { random, text: (bytes) => textOf(pool, bytes, random), noise: (bytes) => noiseOf(bytes, random) };
}

/** From a half to one and a half times `bytes`: lines of one place of the pool, some of them again and again. */
function textOf(pool, bytes, random) {
  const wanted = Math.max(16, Math.floor(bytes * (0.5 + random())));
  const place = Math.floor(random() * (pool.length - 2 * PLACE_BYTES));
  const slices = [Buffer.from(`// ${Math.floor(random() * 2 ** 32).toString(36)}\n`)];
  for (let length = 0; length < wanted;) {
    const from = pool.indexOf(10, place + Math.floor(random() * PLACE_BYTES)) + 1;
    const slice = pool.subarray(from, from + Math.min(wanted - length, 100 + Math.floor(random() * 300)));
    slices.push(slice);
    length += slice.length;
  }
  return Buffer.concat(slices);
}

function noiseOf(bytes, random) {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  for (let at = 0; at < words.length; at += 1) words[at] = random() * 2 ** 32;
  return Buffer.from(words.buffer, 0, bytes);
}

function makePool(random) {
  const vocabulary = Array.from({ length: 3000 }, () => makeWord(random));
  const lines = [];
  for (let length = 0; length < POOL_BYTES;) {
    const words = Array.from(
      { length: 3 + Math.floor(random() * 9) },
      () => vocabulary[Math.floor(random() ** 2 * 3000)],
    );
    const line = `${"  ".repeat(Math.floor(random() * 4))}${words.join(random() < 0.3 ? "." : " ")};\n`;
    lines.push(line);
    length += line.length;
  }
  return lines.join("");
}

function makeWord(random) {
  const letters = "etaoinsrhldcumfpgwybvk";
  return Array.from({ length: 2 + Math.floor(random() * 9) }, () => letters[Math.floor(random() ** 2 * 22)]).join("");
}
