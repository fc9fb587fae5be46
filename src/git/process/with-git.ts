import { openGit, type Git, type OpenGitOptions } from "./open-git.ts";
import { withPrivateFolder } from "./private-folder.ts";

/** Does something with a git, and a private folder, of its own; both are gone afterwards. */
export async function withGit<T>(
  options: Omit<OpenGitOptions, "folder">,
  use: (git: Git, folder: string) => Promise<T>,
): Promise<T> {
  return withPrivateFolder(async (folder) => {
    const git = await openGit({ ...options, folder });
    try {
      return await use(git, folder);
    } finally {
      await git.close();
    }
  });
}
