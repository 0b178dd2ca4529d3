/** The texts of knowledge. */
export const knowledge = {};
