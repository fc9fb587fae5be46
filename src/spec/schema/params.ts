import * as z from "zod";
import { notSupported } from "../not-supported.ts";
import { count, flag, text } from "./parts.ts";

const bound = (description: string): z.ZodNumber => z.number().meta({ description });
const values = (description: string): z.ZodArray<z.ZodUnknown> => z.array(z.unknown()).meta({ description });

const validation = z.lazy(() =>
  z
    .strictObject({
      gt: bound("Greater than this.").optional(),
      ge: bound("This, or greater.").optional(),
      lt: bound("Less than this.").optional(),
      le: bound("This, or less.").optional(),
      multipleOf: bound("A multiple of this.").optional(),
      minLength: count("At least so many characters.").optional(),
      maxLength: count("At most so many characters.").optional(),
      minItems: count("At least so many entries.").optional(),
      maxItems: count("At most so many entries.").optional(),
      startsWith: text("Begins with this.").optional(),
      endsWith: text("Ends with this.").optional(),
      contains: text("Holds this.").optional(),
      excludes: text("Does not hold this.").optional(),
      oneOf: values("One of these.").optional(),
      noneOf: values("None of these.").optional(),
      delay: flag("Only for Polyaxon's pipelines; not used here.").optional(),
      regex: notSupported(
        "checking by a regular expression (its time has no bound)",
        "use startsWith, endsWith, contains, oneOf, or check it in the job",
      ),
      pattern: notSupported(
        "checking by a regular expression (its time has no bound)",
        "use startsWith, endsWith, contains, oneOf, or check it in the job",
      ),
    })
    .meta({ id: "validation", description: "What a value must satisfy besides its type." }),
);

/** One entry of `inputs:` or `outputs:`. */
export const io = z.lazy(() =>
  z
    .strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_-]*$/)
        .meta({ description: "Name of the input; templates use it: {{ name }}." }),
      description: z.string().meta({ description: "What it is for." }).optional(),
      type: text(
        "int, float, bool, str, uri, path, git, image, date, datetime, uuid, list, dict, any, … ; any when absent.",
      ).optional(),
      value: z.unknown().meta({ description: "The default; an input with one is optional." }).optional(),
      isOptional: flag("May be left out.").optional(),
      isList: flag("A list of values of this type.").optional(),
      isFlag: flag("A bool that `as_arg` writes as `--name`, or not at all.").optional(),
      argFormat: text("How `as_arg` writes it, a template: `--lr={{ lr }}`.").optional(),
      connection: text("Connection that goes with the value.").optional(),
      toInit: flag("Make an init entry of the value.").optional(),
      toEnv: text("Name of an environment variable that gets the value.").optional(),
      options: values("One of these (older form of validation.oneOf).").optional(),
      validation: validation.optional(),
      delayValidation: flag("Only for Polyaxon's pipelines; not used here.").optional(),
    })
    .meta({ id: "io", description: "One declared value." }),
);

/** Keys by which a map under `params:` is the long form of a param. */
export const PARAM_KEYS: readonly string[] = ["value", "ref", "connection", "contextOnly", "toInit", "init", "toEnv"];

/** A param in its long form. */
export const param = z.lazy(() =>
  z
    .strictObject({
      value: z.unknown().meta({ description: "The value." }).optional(),
      connection: text("Connection that goes with the value.").optional(),
      contextOnly: flag("No input is declared for it: it is for templates only.").optional(),
      toInit: flag("Make an init entry of the value.").optional(),
      init: flag("The same as `toInit`; with `connection` no input need be declared.").optional(),
      toEnv: text("Name of an environment variable that gets the value.").optional(),
      ref: notSupported("values that come from other runs", "write the value, or pass it with -P name=value"),
    })
    .meta({ description: "A value with what to do with it." }),
);
