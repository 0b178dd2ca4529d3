/** The texts of serving. */
export const serving = {};
