import { defineConfig } from 'vite';

/**
 * The contract's schemas are built by calls that a bundler must take for work worth keeping. The page reads none of them at
 * run time, so they are marked as free of effects and fall out of the bundle, and the schema library with them.
 * @returns {import('vite').Plugin}
 */
function dropUnusedSchemas() {
  return {
    name: 'drop-unused-schemas',
    transform(code, id) {
      if (!/packages\/contract\/src\/[^?]+\.ts$/.test(id.replaceAll('\\', '/'))) return undefined;
      const pure = code.replace(/(?<![\w.])Type\.(?=\w+\()/g, '/* @__PURE__ */ Type.');
      return { code: pure, map: null, moduleSideEffects: false };
    },
  };
}

export default defineConfig({
  resolve: { conditions: ['source', 'module', 'browser', 'production'] },
  plugins: [dropUnusedSchemas()],
  esbuild: { jsx: 'automatic', legalComments: 'external' },
  build: {
    // What `light-dark()`, nesting and `:has()` need: every browser since spring 2024.
    target: ['es2022', 'chrome123', 'firefox120', 'safari17.5'],
    // Nothing becomes a data: address, so that the page's content security policy can stay at 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The first load has a budget of its own: `scripts/build-page.mjs` weighs it as it is sent.
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      onwarn(warning, warn) {
        // "use client" means something to servers that render React, and nothing to a bundle for a browser.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
});
