/** What a container wrote, as the engine sends it without a terminal. */
export interface Frame {
  stream: "stdout" | "stderr";
  content: Buffer;
}

/**
 * Cuts an answer of /logs into its frames: eight bytes, of which the first is the stream and the last four the length, then so many bytes.
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export async function* readFrames(answer: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  const chunks: Buffer[] = [];
  let have = 0;
  for await (const chunk of answer) {
    chunks.push(chunk);
    have += chunk.length;
    if (have < 8) continue;
    let bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    while (bytes.length >= 8) {
      const length = bytes.readUInt32BE(4);
      if (bytes.length < 8 + length) break;
      yield { stream: bytes[0] === 2 ? "stderr" : "stdout", content: bytes.subarray(8, 8 + length) };
      bytes = bytes.subarray(8 + length);
    }
    chunks.length = 0;
    chunks.push(bytes);
    have = bytes.length;
  }
}
