import { renderHook } from "@testing-library/react";
import { ReactFlowProvider } from "@xyflow/react";
import type { KeyboardEvent } from "react";
import { describe, expect, it, vi } from "vitest";
import { useCanvasKeys } from "./keys";

function press(key: string, ignoresKeys: boolean) {
  const calls = { onKey: vi.fn(), onSelect: vi.fn() };
  const options = {
    ...calls,
    graph: { top: {}, steps: [], edges: [] },
    label: "canvas",
    selected: new Set(["find"]),
    ignoresKeys,
    focused: "find",
    focusNode: vi.fn(),
    boxes: new Map(),
    commitMove: vi.fn(),
  };
  const { result } = renderHook(() => useCanvasKeys(options), { wrapper: ReactFlowProvider });
  result.current({ key, target: document.body, preventDefault() {} } as unknown as KeyboardEvent);
  return calls;
}

describe("keys of the canvas", () => {
  it("ignores them while a dialog opens and the canvas still has the focus", () => {
    expect(press("Delete", true).onKey).not.toHaveBeenCalled();
    expect(press("Escape", true).onSelect).not.toHaveBeenCalled();
    expect(press("Delete", false).onKey).toHaveBeenCalledOnce();
    expect(press("Escape", false).onSelect).toHaveBeenCalledWith(new Set());
  });
});
