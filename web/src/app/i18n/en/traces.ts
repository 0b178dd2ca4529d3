/** The texts of traces. */
export const traces = {};
