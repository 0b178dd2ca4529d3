/** The texts of playground. */
export const playground = {};
