/** The texts of training. */
export const training = {};
