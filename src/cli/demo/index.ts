export { runHttpBackend } from "./http-backend.ts";
export {
  isPlayFolder,
  makePlayFolder,
  refuseOccupied,
  reopenPlayFolder,
  type NewPlayFolder,
  type PlayFolder,
} from "./play-folder.ts";
export { runTyped } from "./run-typed.ts";
