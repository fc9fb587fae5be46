/** The lines of a stream of bytes, without their ends; what follows the last end comes with `whole: false`. */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<{ line: Buffer; whole: boolean }> {
  let rest: Buffer[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const piece = chunk.subarray(start, end);
      yield { line: rest.length === 0 ? piece : Buffer.concat([...rest, piece]), whole: true };
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length > 0) yield { line: Buffer.concat(rest), whole: false };
}
