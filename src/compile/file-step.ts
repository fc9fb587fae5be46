import { type FileFields, nodeAt, placeOf, type YamlMap } from "../spec/index.ts";
import type { CompileContext } from "./input.ts";
import { placedFolder } from "./landing.ts";
import type { Namer } from "./names.ts";
import type { FileStep } from "./plan.ts";
import type { Report } from "./report.ts";

interface FileStepInput {
  file: FileFields;
  path: string | undefined;
  node: YamlMap;
  namer: Namer;
  context: CompileContext;
  report: Report;
}

/** `file: {filename, content, chmod}`: one file below `path`, or below the artifacts. */
export function fileStep({ file, path, node, namer, context, report }: FileStepInput): FileStep | undefined {
  const filename = file.filename ?? "file";
  const place = (...keys: string[]) => placeOf(nodeAt(node, keys)?.spot ?? node.spot);
  const before = report.errors.length;
  if (/[/\\\p{Cc}]/u.test(filename) || filename === "." || filename === ".." || Buffer.byteLength(filename) > 255) {
    const hint = "write a name without folders; the folder is `path` beside `file`";
    report.errors.push({
      code: "PATH_INVALID",
      message: `"${filename.slice(0, 80)}" is no name of a file`,
      hint,
      place: place("file", "filename"),
    });
  }
  const folder = placedFolder(path, context);
  if (folder === undefined) {
    report.errors.push({
      code: "PATH_INVALID",
      message: `"${path!.slice(0, 80)}" cannot be a folder`,
      hint: "write an absolute path, without `..`",
      place: place("path"),
    });
  }
  const mode = fileMode(file.chmod);
  if (mode === undefined) {
    report.errors.push({
      code: "FIELD_INVALID",
      message: `"${file.chmod!.slice(0, 20)}" is no mode of a file`,
      hint: 'write an octal number such as 0755, or "+x"',
      place: place("file", "chmod"),
    });
  }
  if (report.errors.length > before) return undefined;
  return {
    kind: "file",
    name: namer.derive(filename),
    path: folder!,
    filename,
    content: file.content,
    mode: mode!,
    place: placeOf(node.spot),
  };
}

/** A file mode as people write it: 0755, 755, 0o755, +x. Undefined when it is none of these. */
function fileMode(text: string | undefined): number | undefined {
  if (text === undefined) return 0o644;
  if (/^(u|a)?\+x$/.test(text)) return text.startsWith("u") ? 0o744 : 0o755;
  return /^(0o?)?[0-7]{3}$/.test(text) ? Number.parseInt(text.slice(-3), 8) : undefined;
}
