declare const __BOWLINE_VERSION__: string | undefined;

/** Bowline's own version, put in by the build from package.json; "0.0.0" where the sources run unbuilt. */
export const VERSION: string = typeof __BOWLINE_VERSION__ === "string" ? __BOWLINE_VERSION__ : "0.0.0";
