import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const out = process.env.VONG_CONSOLE_OUT ?? new URL("../src/vong/api/static", import.meta.url).pathname;

/** Copy Swagger UI for /api/docs and compress every text file with gzip and brotli. */
function copyAndCompress(): Plugin {
  return {
    name: "vong-copy-and-compress",
    apply: "build",
    closeBundle() {
      const swagger = join(out, "swagger");
      mkdirSync(swagger, { recursive: true });
      for (const file of ["swagger-ui.css", "swagger-ui-bundle.js"])
        cpSync(new URL(`node_modules/swagger-ui-dist/${file}`, import.meta.url), join(swagger, file));
      for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|css|svg|html)$/.test(entry.name)) continue;
        const file = join(entry.parentPath, entry.name);
        const text = readFileSync(file);
        if (text.length < 1024) continue;
        writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }));
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 9 };
        writeFileSync(`${file}.br`, brotliCompressSync(text, { params: quality }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), copyAndCompress()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  server: { proxy: { "/api": "http://127.0.0.1:8400", "/v1": "http://127.0.0.1:8400", "/health": "http://127.0.0.1:8400" } },
  build: { target: "es2022", outDir: out, emptyOutDir: true, sourcemap: false, assetsInlineLimit: 0, reportCompressedSize: false,
    chunkSizeWarningLimit: 800, manifest: true, rolldownOptions: { input: { console: "index.html", chat: "chat.html" } } },
  // One environment for all files: creating it for each file took ten times the processor time of the tests.
  test: { environment: "happy-dom", isolate: false, globals: true, setupFiles: ["./src/test-setup.ts"], include: ["src/**/*.test.{ts,tsx}"] },
});
