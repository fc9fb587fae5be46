import * as z from "zod";

/** A text that is not empty. */
export function text(description: string, examples?: string[]): z.ZodString {
  return z
    .string()
    .min(1)
    .meta({ description, ...(examples && { examples }) });
}

/** A whole number from `min` on. */
export function count(description: string, min = 0): z.ZodInt {
  return z.int().min(min).max(2_147_483_647).meta({ description });
}

export function flag(description: string): z.ZodBoolean {
  return z.boolean().meta({ description });
}

/** A map that is carried as it is. */
export function carriedMap(description: string): z.ZodType<Record<string, unknown>> {
  return z.lazy(() => z.record(z.string(), z.unknown()).meta({ description }));
}

/** A list of maps that is carried as it is. */
export function carriedList(description: string): z.ZodType<Record<string, unknown>[]> {
  return z.lazy(() => z.array(z.record(z.string(), z.unknown())).meta({ description }));
}

export function textList(description: string): z.ZodArray<z.ZodString> {
  return z.array(z.string()).meta({ description });
}

/** A list of texts, or one text that names several after commas. */
export function tagList(description: string): z.ZodType<string[] | string> {
  return z.union([z.array(z.string()), z.string()]).meta({ description });
}
