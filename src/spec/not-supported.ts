import * as z from "zod";

const hints = new WeakMap<object, string>();

/**
 * A key that Polyaxon has and Bowline does not run: an error that says so at its line, with what to do instead,
 * and a description in the JSON Schema.
 */
export function notSupported(what: string, hint: string): z.ZodOptional<z.ZodNever> {
  const schema = z.never().meta({ description: `Not run by Bowline: ${what}.` });
  hints.set(schema, hint);
  return schema.optional();
}

/** What to do instead, when the schema is one of these. */
export function notSupportedHint(schema: object | undefined): string | undefined {
  return schema && hints.get(schema);
}
