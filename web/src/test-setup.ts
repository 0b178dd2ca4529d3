import "@testing-library/jest-dom/vitest";

// Browser APIs that the test environment lacks.
const query = (media: string) => ({ matches: false, media, addEventListener() {}, removeEventListener() {} });
window.matchMedia ??= query as unknown as typeof window.matchMedia;
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
} as unknown as typeof ResizeObserver;
