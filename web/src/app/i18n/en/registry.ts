/** The texts of registry. */
export const registry = {};
