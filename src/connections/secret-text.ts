import { BowlineError, type Place } from "../lib/index.ts";

/** Reads the values of one secret as text, with errors that name the key and never the value. */
export class SecretText {
  readonly data: ReadonlyMap<string, Buffer>;
  readonly #where: { secret: string; connection?: string; place?: Place };

  constructor(source: { data: ReadonlyMap<string, Buffer>; secret: string; connection?: string; place?: Place }) {
    this.data = source.data;
    this.#where = source;
  }

  /** A value of one line, without its one final newline (LF or CRLF); absent when the key is. SECRET_INVALID when it is empty or has more lines. */
  line(key: string): string | undefined {
    const text = this.#text(key)?.replace(/\r?\n$/, "");
    if (text === undefined) return undefined;
    const hint = `store it again: bowline secrets set ${this.#where.secret} ${key}`;
    if (text === "") throw this.invalid(key, "is empty", hint);
    if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
      const { secret } = this.#where;
      const move = `bowline secrets set ${secret} --from-file ssh-privatekey=FILE; bowline secrets rm ${secret} ${key}`;
      throw this.invalid(key, "is a private ssh key, not a token", `store it under its own name: ${move}`);
    }
    // oxlint-disable-next-line no-control-regex -- finding them is the point
    if (/[\u0000-\u001f\u007f\ufeff]/.test(text)) {
      throw this.invalid(key, "holds a line break or another control character", hint);
    }
    return text;
  }

  /** A value of many lines, with LF line ends and a final newline, as ssh and OpenSSL want it; absent when the key is. */
  lines(key: string): string | undefined {
    const text = this.#text(key)?.replaceAll("\r\n", "\n").trim();
    if (text === undefined) return undefined;
    if (text === "") throw this.invalid(key, "is empty", `store it again, or remove the key from the secret`);
    return `${text}\n`;
  }

  invalid(key: string, what: string, hint: string): BowlineError {
    const { secret, connection, place } = this.#where;
    return new BowlineError({
      code: "SECRET_INVALID",
      message: `key "${key}" of secret "${secret}" ${what}`,
      hint,
      ...(place && { place }),
      ...(connection !== undefined && { connection }),
    });
  }

  #text(key: string): string | undefined {
    const value = this.data.get(key);
    if (value === undefined) return undefined;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
    } catch {
      throw this.invalid(key, "is not UTF-8 text", "store the text itself, not a binary or UTF-16 form of it");
    }
  }
}
