/** The texts of feedback. */
export const feedback = {};
