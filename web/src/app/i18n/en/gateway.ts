/** The texts of gateway. */
export const gateway = {};
