// Node's http without the WebSocket client in it: `import "node:http"` evaluates every name it exports, the lazy WebSocket too, which
// loads a second HTTP client (undici) and costs more CPU than the rest of a start of the initializer together.
import http from "node:http";

const LAZY = ["WebSocket", "CloseEvent", "MessageEvent"];

/** A plugin for rolldown: what is bundled takes node:http as `require` would, name by name. */
export function lightHttp() {
  const names = Object.keys(http).filter((name) => !LAZY.includes(name));
  return {
    name: "light-http",
    resolveId: (source) => (source === "node:http" || source === "http" ? "\0light-http" : undefined),
    load: (id) =>
      id === "\0light-http"
        ? `const http = process.getBuiltinModule("node:http");\nexport const { ${names.join(", ")} } = http;\nexport default http;\n`
        : undefined,
  };
}
