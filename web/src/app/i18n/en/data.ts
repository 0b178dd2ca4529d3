/** The texts of data. */
export const data = {};
