/** The texts of loop. */
export const loop = {};
