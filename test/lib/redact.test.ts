import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor, MASK } from "../../src/lib/index.ts";

const secretText = fc
  .string({ minLength: 6, maxLength: 60, unit: "binary" })
  .filter((text) => !/[\r\n]/.test(text) && Buffer.byteLength(text) >= 6);
const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

/** The stream's output for these bytes, cut at these places. */
function streamed(secrets: string[], bytes: Buffer, cuts: number[], pauseAt = -1): Buffer {
  const stream = createRedactor(secrets).stream();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const parts = places.slice(1).flatMap((end, index) => {
    const part = stream.push(bytes.subarray(places[index], end));
    return index === pauseAt ? [part, stream.pause()] : [part];
  });
  return Buffer.concat([...parts, stream.end()]);
}

test.each([
  ["plain", (secret: Buffer) => secret],
  ["base64", (secret: Buffer) => Buffer.from(secret.toString("base64"))],
  ["percent", (secret: Buffer) => Buffer.from(encodeURIComponent(secret.toString()))],
  ["JSON", (secret: Buffer) => Buffer.from(JSON.stringify(secret.toString()).slice(1, -1))],
] as const)("no cut into chunks lets the %s form of a secret through", (_name, encode) => {
  fc.assert(
    fc.property(secretText, noise, noise, fc.array(fc.nat(), { maxLength: 12 }), (secret, before, after, cuts) => {
      const form = encode(Buffer.from(secret));
      const core = form.toString("latin1").replace(/=+$/, "");
      const output = streamed([secret], Buffer.concat([before, form, after]), cuts).toString("latin1");
      // All but the last base64 letter depends on the secret alone.
      expect(output).not.toContain(core.slice(0, Math.max(6, core.length - 1)));
      expect(output).toContain(MASK);
    }),
    { numRuns: 300 },
  );
});

test("base64 of a secret inside of something longer is masked at every alignment, wrapped or not", () => {
  const secret = "s3cr3t-T0ken/with+odd?chars";
  for (let before = 0; before < 80; before++) {
    const encoded = Buffer.from(`${"x".repeat(before)}${secret}${"y".repeat(7)}`).toString("base64");
    const wrapped = encoded.replace(/.{76}/g, "$&\n");
    for (const form of [encoded, wrapped, encoded.replaceAll("+", "-").replaceAll("/", "_")]) {
      const output = streamed([secret], Buffer.from(form), [10, 20, 33]).toString();
      const shown = Buffer.from(output.replaceAll("\n", "").split(MASK).join(""), "base64").toString();
      expect(output).toContain(MASK);
      expect(shown).not.toContain(secret.slice(0, 6));
      expect(shown).not.toContain(secret.slice(-6));
    }
  }
});

test("what holds no secret comes out byte by byte as it went in", () => {
  fc.assert(
    fc.property(noise, fc.array(fc.nat(), { maxLength: 8 }), fc.nat(8), (bytes, cuts, pauseAt) => {
      expect(streamed(["kept-secret-kept"], bytes, cuts, pauseAt).equals(bytes)).toBe(true);
    }),
  );
});

test("a cut changes nothing of the result", () => {
  const alphabet = fc.constantFrom("a", "b", "ab", "\n", "aabbab", "YWFiYmFi", "%61");
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 8 }), (parts, cuts) => {
      const bytes = Buffer.from(parts.join(""));
      const whole = createRedactor(["aabbab", "bababa"]).text(bytes.toString());
      expect(streamed(["aabbab", "bababa"], bytes, cuts).toString()).toBe(whole);
    }),
    { numRuns: 500 },
  );
});

test("a pause gives at most five bytes of a secret, and the rest stays masked", () => {
  const secret = "0123456789abcdef";
  for (let first = 1; first < secret.length; first++) {
    const stream = createRedactor([secret]).stream();
    const output = [
      stream.push(Buffer.from(secret.slice(0, first))),
      stream.pause(),
      stream.push(Buffer.from(secret.slice(first, first + 1))),
      stream.pause(),
      stream.push(Buffer.from(`${secret.slice(first + 1)} end`)),
      stream.end(),
    ].join("");
    expect(output).toMatch(/^\d{0,5}\*\*\* end$/);
  }
});

test("each line of a long secret is masked, the armour of a key is not", () => {
  const key =
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\r\nAAAAEbm9uZQAA\n-----END OPENSSH PRIVATE KEY-----\n";
  const redactor = createRedactor([key]);
  expect(redactor.text("x b3BlbnNzaC1rZXk y")).toBe("x *** y");
  expect(redactor.text("AAAAEbm9uZQAA")).toBe("***");
  expect(redactor.text("-----BEGIN OPENSSH PRIVATE KEY-----")).toBe("-----BEGIN OPENSSH PRIVATE KEY-----");
});

test.each([
  ["lines that are too short alone", "abc\ndef", "abc\ndef"],
  ["JSON of ASCII only", "pässwörd", "p\\u00e4ssw\\u00f6rd"],
  ["percent signs with small digits", "user/pass/word", "user%2fpass%2fword"],
  ["percent signs of RFC 3986", "wow! really~(yes)*", "wow%21%20really~%28yes%29%2A"],
  ["percent signs with digits of both cases", "user/pass/word?a:b/c", "user%2fpass%2Fword%3fa%3Ab%2fc"],
  ["percent signs of one digit each case", "zz:/?zz", "zz%3a%2F%3fzz"],
  ["percent signs for some of what could have them", "p@ss/word:b/c", "p@ss%2Fword:b/c"],
  ["percent signs of percent signs", "user/pass:word", "user%252Fpass%253Aword"],
  ["percent signs of percent signs with small digits", "user/pass(word)", "user%252fpass%2528word%2529"],
  ["percent signs of percent signs of some", "user/pass(word)", "user%252Fpass(word)"],
  ["percent signs for every letter", "hunter22", "%68%75%6E%74%65%72%32%32"],
  ["percent signs for a few letters", "hunter22", "hun%74er2%32"],
  ["percent signs beside one of its own", "50%/ab%41cd", "50%%2Fab%41cd"],
  ["percent signs of a part in an HTML form", "my secret wörd~", "my+secret+w%c3%B6rd~"],
  ["an HTML form", "my secret word~", "my+secret+word%7E"],
  ["url-safe base64 with a minus", "~~~~~~>>>>>>", "fn5-fn5-Pj4-Pj4-"],
  ["url-safe base64 with a low line", "????????????", "Pz8_Pz8_Pz8_Pz8_"],
  ["a path or query", "päss:word@x/y", "p%C3%A4ss:word@x/y"],
])("a secret as %s is masked", (_, secret, form) => {
  expect(createRedactor([secret]).text(`x ${form} y`)).toBe("x *** y");
});

test("percent signs for any of its bytes, with digits of any case, and any cut do not let a secret through", () => {
  const written = fc.array(fc.constantFrom("itself", "upper", "lower"), { minLength: 60, maxLength: 60 });
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  fc.assert(
    fc.property(secretText, written, noise, noise, cuts, (secret, how, before, after, places) => {
      const form = [...Buffer.from(secret)].map((byte, index) => {
        const code = byte.toString(16).padStart(2, "0");
        const way = byte === 0x25 ? "upper" : how[index % how.length];
        if (way === "itself") return Buffer.from([byte]);
        return Buffer.from(`%${way === "upper" ? code.toUpperCase() : code}`);
      });
      const bytes = Buffer.concat(form);
      const output = streamed([secret], Buffer.concat([before, Buffer.from("="), bytes, after]), places).toString(
        "latin1",
      );
      expect(output).not.toContain(bytes.toString("latin1"));
      expect(output).toContain(MASK);
    }),
    { numRuns: 300 },
  );
});

test("a percent sign at the end of what came is given when nothing follows", () => {
  const stream = createRedactor(["hunter22"]).stream();
  expect(Buffer.from(stream.push(Buffer.from("45%"))).toString()).toBe("45");
  expect(Buffer.from(stream.pause()).toString()).toBe("%");
  expect(
    Buffer.concat([stream.push(Buffer.from("\rhunter%3")), stream.push(Buffer.from("22 %")), stream.end()]).toString(),
  ).toBe("\r*** %");
});

test("values are masked through and through", () => {
  const redactor = createRedactor(["hunter22"]);
  expect(redactor.value({ a: ["x hunter22"], b: { c: "hunter22", d: 3 } })).toEqual({
    a: ["x ***"],
    b: { c: "***", d: 3 },
  });
});

test("a percent sign at the end of a secret is a part of it", () => {
  expect(createRedactor(["hunter%4"]).text("hunter hunter%4 hunter%254")).toBe("hunter *** ***");
});

test("short secrets are left alone", () => {
  expect(createRedactor(["ab"]).text("about")).toBe("about");
});

test("secrets that become known later are masked from then on", () => {
  const redactor = createRedactor();
  const stream = redactor.stream();
  expect(Buffer.from(stream.push(Buffer.from("hunter22 "))).toString()).toBe("hunter22 ");
  redactor.add(["hunter22"]);
  expect(Buffer.concat([stream.push(Buffer.from("hunter22 ")), stream.end()]).toString()).toBe("*** ");
});

test("a secret of a megabyte is masked without gigabytes of memory", () => {
  const secret = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => 33 + ((at * at + (at >> 7)) % 90)));
  const before = process.memoryUsage().heapUsed;
  const redactor = createRedactor([secret]);
  const masked = redactor.text(`a ${secret.toString()} b ${secret.toString("base64url")}`);
  expect(masked.slice(0, -1)).toBe(`a ${MASK} b ${MASK}`);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(700_000_000);
});
