import * as z from "zod";
import { notSupported } from "../not-supported.ts";
import { container } from "./container.ts";
import { flag, text, textList } from "./parts.ts";

/** `git:` of an init entry, and the value of an input of type `git`. */
export const gitFields = z.lazy(() =>
  z
    .strictObject({
      url: text(
        "Repository to fetch. With a connection: instead of the connection's own; its secret is not sent outside its scope.",
        ["https://github.com/org/repo"],
      ).optional(),
      revision: text(
        "Branch, tag, commit (full, or the first 7 or more digits), refs/… or HEAD. Absent: the connection's, else HEAD.",
        ["main"],
      ).optional(),
      flags: textList(
        "git's own flags, from an allow-list: --depth N, --recurse-submodules[=path], --branch NAME, --tags, --no-tags, --filter=blob:none, --sparse, --jobs N, …",
      ).optional(),
      history: z
        .union([z.int().min(1).max(2_147_483_647), z.enum(["commits", "full"])])
        .meta({
          description:
            "Commits to have: a number (1 by default); `commits`: all, without old file contents; `full`: everything.",
        })
        .optional(),
      tags: flag("Fetch tags too.").optional(),
      submodules: z
        .union([z.boolean(), z.array(z.string())])
        .meta({ description: "Check out submodules: true for all, or a list of their paths." })
        .optional(),
      lfs: flag("Replace Git LFS pointers by their files.").optional(),
      sparse: textList("Only these folders of the repository (and the files above them).").optional(),
      mount: flag(
        "Mount the files from the cache of this machine (overlay) instead of copying them: process executor, Linux.",
      ).optional(),
    })
    .meta({ id: "git", description: "What to fetch, and how." }),
);

const fileFields = z.lazy(() =>
  z
    .strictObject({
      content: z.string().meta({ description: "The file's content." }),
      filename: text("Name of the file, without folders; `file` when absent.").optional(),
      chmod: text('Mode of the file: "+x", or octal such as 0755; 0644 when absent.').optional(),
      kind: z.literal("file").meta({ description: "Only `file`." }).optional(),
    })
    .meta({ description: "A file to write before the run." }),
);

/** One entry of `run.init`. */
export const initEntry = z.lazy(() =>
  z
    .strictObject({
      connection: text("Name of a connection of the catalog.", ["repo-test"]).optional(),
      git: gitFields.optional(),
      file: fileFields.optional(),
      path: text("Folder to land in: `<path>/<connection name>`; `<artifacts>` when absent.").optional(),
      container: container
        .meta({
          description:
            "With `image`: your own container does this step. Without: settings (resources, env) of the initializer. Alone: a plain init container.",
        })
        .optional(),
      artifacts: notSupported(
        "init entries that fetch artifacts",
        "fetch them in a container of your own: `container: {image, command}`",
      ),
      paths: notSupported(
        "init entries that copy paths of an artifacts store",
        "fetch them in a container of your own: `container: {image, command}`",
      ),
      dockerfile: notSupported(
        "init entries that write a Dockerfile",
        "write it with `file: {filename: Dockerfile, content: …}`",
      ),
      tensorboard: notSupported("init entries for TensorBoard", "read the event files from a folder of your own"),
      lineageRef: notSupported(
        "references to the lineage of other runs",
        "fetch what is needed in a container of your own",
      ),
      modelRef: notSupported("references to a model registry", "fetch the model in a container of your own"),
      artifactRef: notSupported("references to an artifact registry", "fetch it in a container of your own"),
    })
    .meta({
      id: "initEntry",
      description: "One step before the main container; steps run in the order in which they are written.",
    }),
);
