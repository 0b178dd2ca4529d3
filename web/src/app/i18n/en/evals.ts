/** The texts of evals. */
export const evals = {};
