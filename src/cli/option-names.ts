/** An option's name as it is typed: `gitPreset` is `git-preset`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
