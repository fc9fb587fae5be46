// What is bundled keeps its licence: their texts go into the package with it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A plugin for rolldown that writes licenses.txt: each bundled package with its version, licence and text. */
export function licenseNotices() {
  return {
    name: "license-notices",
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => chunk.moduleIds ?? []);
      const folders = modules.map((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0]);
      const unique = [...new Set(folders.filter((folder) => folder !== undefined))];
      const notices = unique.map(noticeOf).toSorted();
      this.emitFile({ type: "asset", fileName: "licenses.txt", source: notices.join(`\n${"-".repeat(80)}\n\n`) });
    },
  };
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.(md|txt))?$/i.test(each));
  const text = file !== undefined && existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : "";
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
