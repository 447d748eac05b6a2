// Builds the page into dist/, with addresses relative to /, and no inline script or style (strict CSP).
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
// @ts-expect-error: the mock is plain JavaScript, so that Node can run it without a build.
import { Mock } from "./dev/mock.mjs";

// `npm run dev` plays the demo scene: no bot needed. It is no part of what is built.
const demo: Plugin = {
  name: "countersign-demo",
  apply: "serve",
  configureServer(server) {
    const mock = new Mock();
    server.middlewares.use((request, response, next) => {
      mock.handle(request, response).then((known: boolean) => known || next(), next);
    });
    server.httpServer?.on("upgrade", (request, socket) => mock.upgrade(request, socket));
  },
};

export default defineConfig({
  plugins: [react(), demo],
  build: {
    outDir: "dist",
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
});
